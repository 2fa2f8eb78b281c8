"""Write into each page which modules it needs at once, so that a browser fetches them side by side.

    python scripts/preload_page_modules.py

Run it after an `import` was added or removed; a test says when that was forgotten. What is imported later, by
`import()`, is not among them.
"""

import json
import re
from pathlib import Path, PurePosixPath

STATIC = Path(__file__).parents[1] / "conversational_rag/static"
PAGES = ("index.html", "widget.html")
_MAP = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)
_ENTRY = re.compile(r'<script type="module" src="([^"]+)">')
_IMPORT = re.compile(r'\b(?:from|import)\s*["\']([^"\']+)["\']')
_PRELOADS = re.compile(r"(?<=<!-- preloads -->\n).*?(?=<!-- /preloads -->)", re.DOTALL)


def main() -> None:
    """Bring every page up to date."""
    for name in PAGES:
        page = STATIC / name
        page.write_text(with_preloads(page.read_text()))


def with_preloads(page: str) -> str:
    """The page's text with the preloads that its modules ask for."""
    found = _MAP.search(page), _ENTRY.search(page)
    if found[0] is None or found[1] is None:
        raise SystemExit("a page has an import map and one module to begin with")
    modules = needed(found[1][1], json.loads(found[0][1])["imports"])
    links = "".join(f'<link rel="modulepreload" href="{address}">\n' for address in modules)
    return _PRELOADS.sub(lambda _: links, page)


def needed(entry: str, names: dict[str, str]) -> list[str]:
    """The addresses of all modules that an entry imports, and those that these do; nearest first, without itself."""
    met = [entry]
    for address in met:
        text = (STATIC / address.removeprefix("/static/")).read_text()
        for wanted in _IMPORT.findall(text):
            resolved = names.get(wanted) or _resolved(address, wanted)
            if resolved not in met:
                met.append(resolved)
    return met[1:]


def _resolved(address: str, wanted: str) -> str:
    """A relative import as an address of the service."""
    parts: list[str] = []
    for part in (PurePosixPath(address).parent / wanted).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return str(PurePosixPath(*parts))


if __name__ == "__main__":
    main()
