"""Text to chunks: LangChain's recursive splitter, page by page, with the exact place of every chunk."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from langchain_text_splitters import RecursiveCharacterTextSplitter

from conversational_rag.errors import ParsingLimit
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument

# Regular expressions, coarsest first. Each is matched in one pass: no two of its repetitions can share a character.
_PARAGRAPHS = (r"\n[ \t\r]*\n\s*", r"\n")
_HEADINGS = (r"\n(?=#{1,6} )",)
# Full stops of Latin, Arabic, Urdu, Indic, Armenian and Ethiopic texts are followed by a space, those of CJK are not.
_SENTENCES = (r"(?<=[.!?…؟۔।॥։።][\"'”’»)\]])\s+|(?<=[.!?…؟۔।॥։።])\s+|(?<=[。！？｡])(?![」』”’）])",)
_CLAUSES = (r"(?<=[,;:،؛])\s+|(?<=[、，；：])",)
_WORDS = (r"\s+|\u200b",)
# What has no place to part at is cut into pieces of this share of the overlap, so that the overlap can be kept.
_PIECES_PER_OVERLAP = 8


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of one page: `page_text[start:start + len(text)] == text`, without white space at its ends."""

    ordinal: int
    page: int | None
    start: int
    text: str
    place: str | None = None


def check_sizes(chunk_size: int, chunk_overlap: int) -> None:
    """Raises ValueError unless 0 <= chunk_overlap < chunk_size."""
    if not 0 <= chunk_overlap < chunk_size:
        raise ValueError(f"chunk_overlap must be at least 0 and below chunk_size, not {chunk_overlap} of {chunk_size}")


def split(
    document: LoadedDocument, chunk_size: int, chunk_overlap: int, *, most_chunks: int | None = None
) -> list[Chunk]:
    """The document's chunks in reading order, `ordinal` counting from 0; sizes are in characters.

    Each page is split on its own, so that a chunk has one page number. Raises ValueError as
    `check_sizes` does, and ParsingLimit when there would be more than `most_chunks`.
    """
    check_sizes(chunk_size, chunk_overlap)
    _check_count(document.characters // (chunk_size - chunk_overlap), most_chunks)
    splitter, chunks = _Splitter(document.kind, chunk_size, chunk_overlap), list[Chunk]()
    for page in document.pages:
        for start, end in splitter.spans(page.text):
            chunks.append(Chunk(len(chunks), page.number, start, page.text[start:end], page.place))
        _check_count(len(chunks), most_chunks)
    return chunks


def _check_count(count: int, most: int | None) -> None:
    if most is not None and count > most:
        raise ParsingLimit(
            f"The file would make {count} chunks or more, at most {most} are kept (MAX_CHUNKS): "
            "raise chunk_size, lower chunk_overlap, or split the file."
        )


class _Splitter(RecursiveCharacterTextSplitter):
    """LangChain's recursion over separators, with our own merging of the pieces, which keeps their positions.

    The inherited merge hands out strings only, whose places can then but be guessed at where a text repeats
    itself, and it takes quadratic time for a long text without separators.
    """

    def __init__(self, kind: Kind, chunk_size: int, chunk_overlap: int) -> None:
        separators = (*(_HEADINGS if kind is Kind.MD else ()), *_PARAGRAPHS, *_SENTENCES, *_CLAUSES, *_WORDS)
        piece = max(1, (chunk_overlap or chunk_size * _PIECES_PER_OVERLAP) // _PIECES_PER_OVERLAP)
        super().__init__(
            separators=[*separators, rf"(?s:.{{1,{piece}}})"],
            is_separator_regex=True,
            keep_separator="end",
            # The base class parts again what is as long as the chunk size; one more, and it may fill a chunk.
            chunk_size=chunk_size + 1,
            chunk_overlap=chunk_overlap,
            strip_whitespace=False,
        )
        self._most_characters, self._overlap = chunk_size, chunk_overlap
        self._position = 0
        self._spans: list[tuple[int, int]] = []

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where each chunk begins and ends in the text, white space at the ends left out."""
        self._position, self._spans = 0, []
        self.split_text(text)
        last_end = 0
        for start, end in self._spans:
            chunk = text[start:end]
            start += len(chunk) - len(chunk.lstrip())
            end = start + len(chunk.strip())
            if end > max(start, last_end):
                yield start, end
                last_end = end

    def _merge_splits(self, splits: Iterable[str], separator: str) -> list[str]:  # noqa: ARG002 the base's signature
        """Join neighbouring pieces to chunks. The pieces come in the text's order and leave nothing out."""
        window: deque[int] = deque()
        start = end = self._position
        for length in map(len, splits):
            if end + length - start > self._most_characters:
                self._spans.append((start, end))
                while window and (end - start > self._overlap or end + length - start > self._most_characters):
                    start += window.popleft()
            window.append(length)
            end += length
        self._spans.append((start, end))
        self._position = end
        return []
