"""The server that already runs on this machine and holds the data: the command line goes through it, over HTTP."""

from pathlib import Path
from typing import Any

import httpx2

from conversational_rag.config import Settings
from conversational_rag.errors import BadInput, DataInUse

_SECONDS = 600.0  # reading and embedding a long file takes a while


class RunningServer:
    """The server at HOST and PORT. Raises DataInUse when it is another program, or none, that holds the data."""

    def __init__(self, settings: Settings) -> None:
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 compared, not bound
        self._url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
        self._http = httpx2.Client(base_url=self._url, timeout=_SECONDS)

    def readiness(self) -> dict[str, Any]:
        """What /readyz says."""
        return self._body(self._ask("GET", "/readyz"))

    def ingest(self, path: Path, name: str, client_id: str, chunk_size: int, chunk_overlap: int) -> dict[str, Any]:
        """Upload one file under that name; its outcome. Raises BadInput when the upload as a whole is refused."""
        form = {"client_id": client_id, "chunk_size": str(chunk_size), "chunk_overlap": str(chunk_overlap)}
        with path.open("rb") as stream:
            response = self._ask("POST", "/api/v1/ingest/", files=[("files", (name, stream))], data=form)
        body = self._body(response)
        # Also a file that could not be stored has its place in the answer, with the reason.
        if not body.get("documents"):
            raise BadInput(str(body.get("detail", response.reason_phrase)))
        outcome: dict[str, Any] = body["documents"][0]
        return outcome

    def close(self) -> None:
        """Let the connection go."""
        self._http.close()

    def _ask(self, method: str, path: str, **content: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, **content)
        except httpx2.TransportError as error:
            raise DataInUse(
                f"Another process uses the data, and none answers at {self._url}; stop it first, or set HOST and PORT "
                "to where it listens."
            ) from error

    def _body(self, response: httpx2.Response) -> dict[str, Any]:
        try:
            body: dict[str, Any] = response.json()
        except ValueError as error:
            raise DataInUse(f"Another process uses the data, and what answers at {self._url} is not it.") from error
        return body
