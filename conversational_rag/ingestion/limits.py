"""What one file may cost; every refusal names the setting that it goes back to."""

from dataclasses import dataclass

from conversational_rag.errors import ParsingLimit

# Whoever runs out of memory cannot say how much there was.
OUT_OF_MEMORY = "Reading the file took more memory than is allowed (PARSING_MEMORY_MB); split the file."


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost, each checked before the damage is done; the defaults are those of the settings."""

    pages: int = 500
    characters: int = 10_000_000
    chunks: int = 20_000
    unpacked_bytes: int = 128 * 2**20
    unpacked_ratio: int = 200
    parts: int = 10_000

    def check_pages(self, count: int, noun: str = "pages") -> None:
        """Raises ParsingLimit for too many pages, or what the format has instead (`noun`, in the plural)."""
        if count > self.pages:
            raise _refusal(f"The file has {count} {noun}; at most {self.pages} are read (MAX_PAGES)")

    def check_characters(self, count: int) -> None:
        """Raises ParsingLimit for a text that is too long."""
        if count > self.characters:
            raise _refusal(f"The file has {count} characters of text, at most {self.characters} (MAX_CHARACTERS)")

    def check_bytes(self, size: int, bytes_per_character: int) -> None:
        """Raises ParsingLimit for a file that must hold too much text; `bytes_per_character` at the most."""
        most = self.characters * bytes_per_character
        if size > most:
            raise _refusal(
                f"The file has {size} bytes; at most {most} of plain text are read, "
                f"which are {self.characters} characters (MAX_CHARACTERS)"
            )

    def check_parts(self, count: int) -> None:
        """Raises ParsingLimit for a file that packs too many others."""
        if count > self.parts:
            raise _refusal(f"The file packs {count} parts; at most {self.parts} are read (MAX_PARTS)")

    def check_unpacked(self, size: int) -> None:
        """Raises ParsingLimit for a zipped file that holds too many bytes."""
        if size > self.unpacked_bytes:
            raise _refusal(
                f"The file unpacks to {in_megabytes(size)}, at most {in_megabytes(self.unpacked_bytes)} "
                "are read (MAX_UNPACKED_MB)"
            )


class Allowance:
    """What is left of the characters that a file may hold; repeated names can make a small file a long text."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._spent = limits, 0

    def spend(self, text: str) -> str:
        """The same text; raises ParsingLimit once all of them together are too long."""
        self._spent += len(text)
        self._limits.check_characters(self._spent)
        return text


def in_megabytes(size: int) -> str:
    """A size in bytes as people say it."""
    return f"{size / 2**20:.1f} MB"


def _refusal(what: str) -> ParsingLimit:
    return ParsingLimit(f"{what}: split it, or raise the setting.")
