"""Which requests are for the page, for widgets and for the files of both: nobody needs a key for them."""

from starlette.types import Scope

_ASKING = frozenset({"GET", "HEAD"})
_PAGES = frozenset({"/", "/widget.js"})
_FILES, _FRAMES = "/static/", "/widget/"


def is_page(scope: Scope) -> bool:
    """Whether it asks for a page, or a file of one: nothing of any client stands there."""
    return is_file(scope) or (_asks(scope) and scope["path"].startswith(_FRAMES))


def is_file(scope: Scope) -> bool:
    """Whether it asks for what is in memory: it costs nothing, and one visit asks for thirty of them."""
    return _asks(scope) and (scope["path"] in _PAGES or scope["path"].startswith(_FILES))


def _asks(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in _ASKING
