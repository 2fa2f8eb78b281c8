"""The page's own files: what is loaded at once is small and preloaded, and every language says everything."""

import gzip
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "conversational_rag/static"
PRELOADS = runpy.run_path(str(ROOT / "scripts/preload_page_modules.py"))
FIRST_LOAD_BYTES = 150_000
LANGUAGES = ("en", "de", "fa")
_SENTENCE = re.compile(r'^  "?([\w.]+)"?: (.*)$', re.MULTILINE)


def own(suffix: str) -> list[Path]:
    return [file for file in sorted(STATIC.rglob(f"*{suffix}")) if "vendor" not in file.relative_to(STATIC).parts]


def name(file: Path) -> str:
    return str(file.relative_to(STATIC))


def sentences(folder: Path, language: str) -> dict[str, str]:
    return dict(_SENTENCE.findall((folder / f"{language}.js").read_text()))


FOLDERS = sorted({file.parent for file in own("/i18n/en.js")})


@pytest.mark.parametrize("page", PRELOADS["PAGES"])
def test_a_page_preloads_exactly_what_its_modules_import(page: str) -> None:
    text = (STATIC / page).read_text()
    assert PRELOADS["with_preloads"](text) == text, "run `python scripts/preload_page_modules.py`"


def test_the_first_load_is_small() -> None:
    text = (STATIC / "index.html").read_text()
    wanted = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', text))
    wanted |= {f"/static/js/i18n/{language}.js" for language in LANGUAGES}
    files = [STATIC / address.removeprefix("/static/") for address in wanted] + [STATIC / "index.html"]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < FIRST_LOAD_BYTES


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_with_the_same_parameters(folder: Path, language: str) -> None:
    english, other = sentences(folder, "en"), sentences(folder, language)
    assert other.keys() == english.keys()

    def parameters(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    assert {key: parameters(text) for key, text in other.items()} == {
        key: parameters(text) for key, text in english.items()
    }


def used_keys() -> Iterator[tuple[str, str]]:
    for file in own(".js"):
        for key in re.findall(r'(?<!\w)t\("([\w.]+)"', file.read_text()):
            yield name(file), key


def test_every_sentence_that_is_asked_for_exists() -> None:
    known = {key for folder in FOLDERS for key in sentences(folder, "en")}
    assert [(file, key) for file, key in used_keys() if key not in known] == []


@pytest.mark.parametrize("file", own(".css"), ids=name)
def test_a_style_sheet_knows_no_left_and_no_right(file: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
    assert re.findall(r"[^\n]*(?<![\w.-])(?:(?:margin|padding|border)-)?(?:left|right)(?![\w-])[^\n]*", text) == []


@pytest.mark.parametrize("file", own(".js"), ids=name)
def test_no_script_writes_markup_by_itself(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
