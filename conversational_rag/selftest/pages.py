"""What stands under no permission, because everybody is given the same: no other address may be free of one."""

from collections.abc import Mapping
from dataclasses import dataclass

from conversational_rag.security.permissions import Permission
from conversational_rag.selftest.exchange import Request
from conversational_rag.selftest.expectations import About
from conversational_rag.selftest.recipes import Probe, Recipe

EVERYBODY = Permission(None)


@dataclass(frozen=True, slots=True)
class Page:
    """Why everybody may have it, and how it is asked for."""

    reason: str
    recipe: Recipe


def _at(path: str) -> Recipe:
    return Recipe((Probe(lambda objects, _: Request("GET", path.format(key_id=objects.key_id)), About.NOTHING),))


# By the address as its route is declared.
PAGES: Mapping[str, Page] = {
    "/": Page("whoever has no key yet signs in there", _at("/")),
    "/static/{path:path}": Page("files of the package, which anybody can read there", _at("/static/index.html")),
    "/widget.js": Page("visitors of other sites load it", _at("/widget.js")),
    "/widget/{key_id}": Page(
        "visitors of other sites load it; of the key it tells whether it is for web pages, and of which",
        _at("/widget/{key_id}"),
    ),
}
