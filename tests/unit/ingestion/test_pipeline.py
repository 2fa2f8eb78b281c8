"""Files through the whole reader: its child process, its limits, its verdicts."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from files.book_makers import make_epub, make_odt
from files.makers import (
    encrypt_pdf,
    make_bomb_docx,
    make_docx,
    make_pdf,
    make_scan_pdf,
    make_stream_bomb_pdf,
    make_zip,
)
from files.office_makers import make_pptx, make_xlsx, shape

from conversational_rag.errors import (
    BadInput,
    EmptyFile,
    EncryptedFile,
    InternalError,
    NoText,
    ParsingLimit,
    UnreadableFile,
    UnsupportedFile,
)
from conversational_rag.ingestion import parser_pool
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind
from conversational_rag.ingestion.pipeline import ParsedFile, Reader

pytestmark = pytest.mark.asyncio(loop_scope="module")
Place = Callable[[bytes, str], Path]
MEGABYTE = 2**20
PAGE = "The harbour authority raised the fee for the north quay after the storm. " * 40


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Reader]:
    reader = Reader(60, 1024 * MEGABYTE)
    yield reader
    await reader.close()


@pytest_asyncio.fixture(loop_scope="module")
async def small() -> AsyncIterator[Reader]:
    """A reader with little time and memory."""
    reader = Reader(30, 384 * MEGABYTE)
    yield reader
    await reader.close()


@pytest.fixture
def read(shared: Reader, place: Place) -> Callable[..., "asyncio.Future[ParsedFile]"]:
    def read(data: bytes, filename: str) -> "asyncio.Future[ParsedFile]":
        return asyncio.ensure_future(shared.read(place(data, "upload"), filename, 1000, 200))

    return read


async def test_a_pdf_becomes_chunks_with_their_pages(read: Callable[..., "asyncio.Future[ParsedFile]"]) -> None:
    parsed = await read(make_pdf([f"Page {number}. {PAGE}" for number in range(1, 301)]), "report.pdf")
    assert (parsed.kind, parsed.page_count, parsed.pages_without_text) == (Kind.PDF, 300, ())
    assert [page.number for page in parsed.pages] == list(range(1, 301))
    assert parsed.characters == sum(len(page.text) for page in parsed.pages)
    assert [chunk.ordinal for chunk in parsed.chunks] == list(range(len(parsed.chunks)))
    for chunk in parsed.chunks:
        assert chunk.page is not None
        page = parsed.pages[chunk.page - 1]
        assert page.text.startswith(f"Page {chunk.page}. ")
        assert page.text[chunk.start : chunk.start + len(chunk.text)] == chunk.text


async def test_every_kind_is_read(read: Callable[..., "asyncio.Future[ParsedFile]"], harbour_doc: bytes) -> None:
    files = {
        "a.docx": (make_docx(["Plums."], [["quince", "7 euro"]], header="Fruit"), Kind.DOCX, "quince | 7 euro"),
        "a.doc": (harbour_doc, Kind.DOC, "North quay | 11.5 m | 870 euros"),
        "a.md": (b"# Fruit\n\n**cherries**", Kind.MD, "# Fruit\n\n**cherries**"),
        "a.txt": ("Äpfel und Birnen 🚀".encode("utf-16"), Kind.TXT, "Äpfel und Birnen 🚀"),
        "b.txt": (make_pdf(["A page in disguise."]), Kind.PDF, "A page in disguise."),
        "a.xlsx": (make_xlsx({"S": [["Fruit", "Price"], ["quince", 7]]}), Kind.XLSX, "Fruit: quince; Price: 7"),
        "a.pptx": (make_pptx([shape("Fruit", "title")], notes={1: "Smile."}), Kind.PPTX, "Fruit\n\nNotes: Smile."),
        "a.odt": (make_odt("<text:h>Fruit</text:h><text:p>Quinces.</text:p>"), Kind.ODT, "Fruit\n\nQuinces."),
        "a.epub": (make_epub({"one.xhtml": "<h1>Fruit</h1><p>Quinces.</p>"}), Kind.EPUB, "Fruit\n\nQuinces."),
    }
    for filename, (data, kind, text) in files.items():
        parsed = await read(data, filename)
        assert parsed.kind is kind
        assert text in parsed.pages[0].text
        assert any(text in chunk.text for chunk in parsed.chunks)


async def test_pages_without_text_are_told(read: Callable[..., "asyncio.Future[ParsedFile]"]) -> None:
    parsed = await read(make_pdf(["Some text.", "", "More text."]), "a.pdf")
    assert (parsed.page_count, parsed.pages_without_text) == (3, (2,))
    assert [chunk.page for chunk in parsed.chunks] == [1, 3]


@pytest.mark.parametrize(
    ("data", "filename", "verdict"),
    [
        (b"", "a.txt", EmptyFile),
        (b" \n\t ", "a.md", EmptyFile),
        (" \n".encode("utf-16"), "a.txt", EmptyFile),
        (make_scan_pdf(), "scan.pdf", NoText),
        (make_docx([]), "a.docx", NoText),
        (encrypt_pdf(make_pdf(["Closed."]), "secret"), "a.pdf", EncryptedFile),
        (make_pdf(["Cut."])[:200], "a.pdf", UnreadableFile),
        (make_docx(["Cut."])[:-300], "a.docx", UnreadableFile),
        (make_zip({"word/document.xml": "nonsense"}), "a.docx", UnreadableFile),
        (make_zip({"xl/workbook.bin": ""}), "a.docx", UnsupportedFile),
        (bytes(range(256)) * 10, "a.txt", UnsupportedFile),
        (b"<svg></svg>", "a.svg", UnsupportedFile),
        (make_bomb_docx(120_000_000), "bomb.docx", ParsingLimit),
    ],
)
async def test_a_file_that_cannot_be_used_has_its_verdict(
    shared: Reader, place: Place, data: bytes, filename: str, verdict: type[BadInput]
) -> None:
    path = place(data, "upload")
    with pytest.raises(verdict) as refused:
        await shared.read(path, filename, 1000, 200)
    assert type(refused.value) is verdict
    assert refused.value.__cause__ is not None or verdict is NoText
    assert str(path.parent) not in refused.value.detail


async def test_a_scan_says_how_many_pages_it_has(read: Callable[..., "asyncio.Future[ParsedFile]"]) -> None:
    with pytest.raises(NoText) as refused:
        await read(make_scan_pdf(7), "scan.pdf")
    assert refused.value.extensions == {"pages": 7}


@pytest.mark.parametrize(
    ("data", "filename", "says"),
    [
        (make_docx([]), "a.docx", "document holds no text, perhaps pictures only: run text recognition"),
        (make_odt("<text:p/>"), "a.odt", "document holds no text, perhaps pictures only"),
        (make_pptx([""]), "a.pptx", "presentation holds no text, perhaps pictures only"),
        (make_epub({"one.xhtml": "<p/>"}), "a.epub", "e-book holds no text, perhaps pictures only"),
        (make_xlsx({"S": [[None]]}), "a.xlsx", "sheets hold no values"),
        (make_scan_pdf(), "a.pdf", "as with a scan: run text recognition"),
    ],
)
async def test_what_is_missing_is_said_in_words_that_fit_the_kind(
    shared: Reader, place: Place, data: bytes, filename: str, says: str
) -> None:
    with pytest.raises(NoText, match=says):
        await shared.read(place(data, "upload"), filename, 1000, 200)


async def test_names_in_every_script_are_fine(read: Callable[..., "asyncio.Future[ParsedFile]"]) -> None:
    for filename in ("Übersicht Größe.txt", "گزارش سالانه.txt", "年度报告.md", "emoji 🚀.txt", "a'b\"c;d.txt", "…"):
        assert (await read(b"Text.", filename)).chunks[0].text == "Text."


async def test_a_file_that_swells_fails_alone(small: Reader, place: Place) -> None:
    with pytest.raises(ParsingLimit, match="384 MB of memory"):
        await small.read(place(make_stream_bomb_pdf(100_000_000), "bomb"), "bomb.pdf", 1000, 200)
    parsed = await small.read(place(b"The next file.", "next"), "next.txt", 1000, 200)
    assert parsed.chunks[0].text == "The next file."


async def test_a_text_that_needs_too_much_memory_fails_alone(place: Place) -> None:
    reader = Reader(30, 200 * MEGABYTE, Limits(characters=100_000_000))
    with pytest.raises(ParsingLimit, match="PARSING_MEMORY_MB"):
        await reader.read(place("é".encode("latin-1") * 60_000_000, "big"), "big.txt", 1000, 200)
    assert (await reader.read(place(b"The next file.", "next"), "next.txt", 1000, 200)).characters == 14
    await reader.close()


async def test_a_file_that_hangs_fails_alone(place: Place) -> None:
    reader = Reader(0.5, 8192 * MEGABYTE)
    with pytest.raises(ParsingLimit, match="PARSING_SECONDS"):
        await reader.read(place(make_stream_bomb_pdf(100_000_000), "bomb"), "bomb.pdf", 1000, 200)
    assert (await reader.read(place(b"The next file.", "next"), "next.txt", 1000, 200)).characters == 14
    await reader.close()


async def test_a_reader_whose_caller_goes_away_reads_the_next_file(small: Reader, place: Place) -> None:
    await small.read(place(b"Warm.", "warm"), "warm.txt", 1000, 200)
    pid = next(iter(small._pool.pids), None)
    assert pid is not None
    path = place(make_stream_bomb_pdf(50_000_000), "bomb")
    abandoned = asyncio.create_task(small.read(path, "bomb.pdf", 1000, 200))
    assert await asyncio.wait({abandoned}, timeout=0.2) == (set(), {abandoned})
    abandoned.cancel()
    with pytest.raises(asyncio.CancelledError):
        await abandoned
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert (await small.read(place(b"The next file.", "next"), "next.txt", 1000, 200)).characters == 14


async def test_files_that_come_at_once_are_read_in_turn(shared: Reader, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(20)]
    for path in paths:
        path.write_text(f"This is {path.name}.")
    parsed = await asyncio.gather(*(shared.read(path, path.name, 1000, 200) for path in paths))
    assert [file.chunks[0].text for file in parsed] == [f"This is {path.name}." for path in paths]


async def test_a_child_is_replaced_after_its_share_of_files(
    small: Reader, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parser_pool, "_FILES_PER_CHILD", 2)
    path = place(b"Text.", "a")
    children = set()
    for _ in range(4):
        await small.read(path, "a.txt", 1000, 200)
        children.update(small._pool.pids)
    assert len(children) > 1


async def test_a_swollen_child_gives_its_memory_back(
    small: Reader, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place(b"Text.", "a")
    await small.read(path, "a.txt", 1000, 200)
    assert next(iter(small._pool.pids), None) is not None
    monkeypatch.setattr(parser_pool, "_SWOLLEN_MB", 20)
    await small.read(path, "a.txt", 1000, 200)
    assert next(iter(small._pool.pids), None) is None


async def test_limits_reach_the_child(place: Place) -> None:
    reader = Reader(30, 1024 * MEGABYTE, Limits(pages=2, characters=100, chunks=5))
    with pytest.raises(ParsingLimit, match="3 pages; at most 2"):
        await reader.read(place(make_pdf(["a", "b", "c"]), "a"), "a.pdf", 1000, 200)
    with pytest.raises(ParsingLimit, match="201 characters"):
        await reader.read(place(make_pdf(["word " * 40 + "."]), "a"), "a.pdf", 1000, 200)
    with pytest.raises(ParsingLimit, match="chunk_size"):
        await reader.read(place(b"word " * 19, "a"), "a.txt", 10, 5)
    await reader.close()


async def test_impossible_sizes_are_the_callers_fault(shared: Reader, place: Place) -> None:
    with pytest.raises(ValueError, match="chunk_overlap"):
        await shared.read(place(b"Text.", "a"), "a.txt", 100, 100)


async def test_a_missing_file_is_our_fault(shared: Reader, tmp_path: Path) -> None:
    with pytest.raises(InternalError):
        await shared.read(tmp_path / "nowhere", "a.txt", 1000, 200)


async def test_a_child_that_cannot_start_is_our_fault(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_pool, "_MODULE", "conversational_rag.ingestion.nowhere")
    reader = Reader(30, 1024 * MEGABYTE)
    with pytest.raises(InternalError):
        await reader.read(place(b"Text.", "a"), "a.txt", 1000, 200)
    await reader.close()


async def test_a_closed_reader_leaves_no_process(place: Place) -> None:
    reader = Reader(30, 1024 * MEGABYTE)
    await reader.read(place(b"Text.", "a"), "a.txt", 1000, 200)
    pid = next(iter(reader._pool.pids), None)
    assert pid is not None
    await reader.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
