"""How near the token estimates are to the real vocabulary: English, German, Farsi and code, passage by passage.

    pip install rs-bpe==0.1.0     # a tokenizer that holds the o200k vocabulary; only this script needs it
    python scripts/measure_token_estimates.py [--english FOLDER] [--messages FOLDER] [--characters 1000]

Code is Python's own standard library. German and Farsi are sentences of the programs' messages that this machine has
in translation (`/usr/share/locale`), English the originals of the German ones, or the text files of a folder.
"""

import argparse
import gettext
import random
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

from rs_bpe.bpe import openai

from conversational_rag.llm.tokens import estimate_tokens

_SHORTEST_MESSAGE, _MOST_PASSAGES = 40, 1500
_NOT_PROSE = ("%", "--", "\n ", "\t", "<", "{", "|", "_(")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--english", type=Path, help="a folder of .txt and .md files")
    parser.add_argument("--messages", type=Path, default=Path("/usr/share/locale"), help="gettext's folder")
    parser.add_argument("--characters", type=int, default=1000, help="the length of a passage")
    options = parser.parse_args()
    english = _files(options.english, "*.txt", "*.md") if options.english else _messages(options.messages, "de", 0)
    code = _files(Path(sysconfig.get_paths()["stdlib"]), "*.py")
    kinds = {
        "English": english,
        "German": _messages(options.messages, "de", 1),
        "Farsi": _messages(options.messages, "fa", 1),
        "code": (text for text in code if text.isascii()),
    }
    print(f"{'':9}{'passages':>9}{'chars/token':>13}{'estimate/true':>15}{'median':>8}{'within 10 %':>13}{'20 %':>7}")
    for name, texts in kinds.items():
        print(f"{name:9}{_row(list(_passages(texts, options.characters)))}")


def _row(passages: list[str]) -> str:
    tokenizer = openai.o200k_base()
    passages = random.Random(1).sample(passages, min(len(passages), _MOST_PASSAGES))
    true = [len(tokenizer.encode(passage)) for passage in passages]
    guessed = [estimate_tokens(passage) for passage in passages]
    ratios = [guess / count for guess, count in zip(guessed, true, strict=True)]
    near, nearer = (sum(abs(ratio - 1) <= most for ratio in ratios) / len(ratios) for most in (0.2, 0.1))
    density = sum(map(len, passages)) / sum(true)
    together = sum(guessed) / sum(true)
    return f"{len(passages):>9}{density:>13.2f}{together:>15.3f}{median(ratios):>8.3f}{nearer:>13.0%}{near:>7.0%}"


def _passages(texts: Iterable[str], characters: int) -> Iterator[str]:
    """Pieces of one length, of one text or of several short ones."""
    pending = ""
    for text in texts:
        pending += text + "\n"
        while len(pending) >= characters:
            yield pending[:characters]
            pending = pending[characters:]


def _files(folder: Path, *patterns: str) -> Iterator[str]:
    for pattern in patterns:
        for path in sorted(folder.rglob(pattern)):
            yield path.read_text("utf-8", "ignore")


def _messages(folder: Path, language: str, side: int) -> Iterator[str]:
    """Whole sentences of the programs' messages: side 0 the original, 1 the translation."""
    for path in sorted((folder / language / "LC_MESSAGES").glob("*.mo")):
        try:
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
        except UnicodeDecodeError:  # an old catalogue that does not tell its encoding
            continue
        for pair in catalogue.items():
            if all(isinstance(text, str) and _is_prose(text) for text in pair):
                yield pair[side]


def _is_prose(text: str) -> bool:
    return len(text) >= _SHORTEST_MESSAGE and not any(mark in text for mark in _NOT_PROSE)


if __name__ == "__main__":
    main()
