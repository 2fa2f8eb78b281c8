"""The server that already runs on this machine and holds the data: the command line goes through it, over HTTP."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2

from conversational_rag.config import Settings
from conversational_rag.errors import BadInput, DataInUse
from conversational_rag.rag.conversation import Turn

_SECONDS = 600.0  # reading and embedding a long file takes a while
_DOCUMENTS_AT_ONCE = 1000


class RunningServer:
    """The server at HOST and PORT. Raises DataInUse when it is another program, or none, that holds the data."""

    def __init__(self, settings: Settings) -> None:
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 compared, not bound
        self._url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
        self._http = httpx2.Client(base_url=self._url, timeout=_SECONDS)

    def asks_for_a_key(self) -> bool:
        """Whether it is open to nobody without one."""
        return self._ask("GET", "/api/v1/auth/me").status_code == httpx2.codes.UNAUTHORIZED

    def show(self, key: str) -> None:
        """Send this key from now on."""
        self._http.headers["X-API-Key"] = key

    def readiness(self) -> dict[str, Any]:
        """What /readyz says."""
        return self._body(self._ask("GET", "/readyz"))

    def ingest(self, path: Path, name: str, client_id: str, chunk_size: int, chunk_overlap: int) -> dict[str, Any]:
        """Upload one file under that name; its outcome, and the `api_key` of a client that is new.

        Raises BadInput when the upload as a whole is refused.
        """
        form = {"client_id": client_id, "chunk_size": str(chunk_size), "chunk_overlap": str(chunk_overlap)}
        with path.open("rb") as stream:
            response = self._ask("POST", "/api/v1/ingest/", files=[("files", (name, stream))], data=form)
        body = self._body(response)
        # Also a file that could not be stored has its place in the answer, with the reason.
        if not body.get("documents"):
            raise BadInput(str(body.get("detail", response.reason_phrase)))
        return {**body["documents"][0], "api_key": body.get("api_key")}

    def documents(self, client_id: str) -> list[dict[str, Any]]:
        """All documents of a client. Raises BadInput when there is no such client."""
        listed: list[dict[str, Any]] = []
        parameters = {"client_id": client_id, "limit": str(_DOCUMENTS_AT_ONCE)}
        while True:
            answer = self._good_body(self._ask("GET", "/api/v1/documents", params=parameters))
            listed += answer["documents"]
            if answer["next_cursor"] is None:
                return listed
            parameters["cursor"] = answer["next_cursor"]

    def search(
        self, client_id: str, query: str, history: Sequence[Turn], limit: int
    ) -> tuple[list[dict[str, Any]], float]:
        """The passages, best first, and in how many seconds they came. Raises BadInput when it is refused.

        Whoever asks more often than the server lets him waits.
        """
        past = [{"question": turn.question, "answer": turn.answer} for turn in history]
        body = {"client_id": client_id, "query": query, "history": past, "limit": limit}
        response = self._ask("POST", "/api/v1/search", json=body)
        while response.status_code == httpx2.codes.TOO_MANY_REQUESTS:
            time.sleep(float(response.headers["Retry-After"]))
            response = self._ask("POST", "/api/v1/search", json=body)
        return self._good_body(response)["results"], response.elapsed.total_seconds()

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

    def _good_body(self, response: httpx2.Response) -> dict[str, Any]:
        """Raises BadInput with what the server says when it refuses."""
        body = self._body(response)
        if response.is_error:
            raise BadInput(str(body.get("detail", response.reason_phrase)))
        return body

    def _body(self, response: httpx2.Response) -> dict[str, Any]:
        try:
            body: dict[str, Any] = response.json()
        except ValueError as error:
            raise DataInUse(f"Another process uses the data, and what answers at {self._url} is not it.") from error
        return body
