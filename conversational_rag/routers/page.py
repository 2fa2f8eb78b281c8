"""The page at `/`, its files, and widgets: what browsers load. No keys, and nothing of any client."""

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from conversational_rag.dependencies import Resources
from conversational_rag.errors import KeyNotFound
from conversational_rag.page_files import PageFiles, framed_by

# Not operations: they are in no OpenAPI document, and stand under no permission.
router = APIRouter(include_in_schema=False)
_FILES = PageFiles(Path(__file__).parents[1] / "static")
_LOOKING = ["GET", "HEAD"]
# Other sites load these: also those that take in only what says so (Cross-Origin-Embedder-Policy).
_FOR_OTHER_SITES = {"Cross-Origin-Resource-Policy": "cross-origin"}
_FRAME = {**_FOR_OTHER_SITES, "Cross-Origin-Embedder-Policy": "require-corp"}


@router.api_route("/", methods=_LOOKING)
async def index(request: Request) -> Response:
    """The page."""
    return await _FILES.get_response("index.html", request.scope)


@router.api_route("/static/{path:path}", methods=_LOOKING)
async def file(path: str, request: Request) -> Response:
    """A file of the page."""
    return await _FILES.get_response(path, request.scope)


@router.api_route("/widget.js", methods=_LOOKING)
async def loader(request: Request) -> Response:
    """What a site of somebody else loads to show the widget."""
    answer = await _FILES.get_response("widget.js", request.scope)
    answer.headers.update(_FOR_OTHER_SITES)
    return answer


@router.api_route("/widget/{key_id}", methods=_LOOKING)
async def widget(key_id: str, request: Request, resources: Resources) -> Response:
    """The page in the widget's frame, for the sites that the key names. Raises KeyNotFound."""
    # Without keys everybody is the admin: no other site may show that in a frame.
    if resources.settings.auth_mode == "open":
        raise KeyNotFound("There are no widgets while the service takes no keys; set AUTH_MODE=keys.")
    key = await resources.keys.find_public(key_id)
    if key is None:
        raise KeyNotFound("There is no widget here: the key is unknown, at its end, or was made without `origins`.")
    answer = framed_by(await _FILES.get_response("widget.html", request.scope), key.origins)
    answer.headers.update(_FRAME)
    return answer
