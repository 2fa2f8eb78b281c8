"""Web pages, fetched by what is loaded when somebody wants the first one: an HTTP client, and whom its TLS trusts."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from conversational_rag.ingestion.fetching.pages import Fetched, WebPages


class Pages(Protocol):
    """Fetches the page at a URL into a file; see WebPages."""

    async def fetch(self, url: str, into: Path) -> "Fetched":
        """What it has fetched."""
        ...


class PagesOnDemand:
    """WebPages that cost a start nothing (0.1 s and 2 MB)."""

    def __init__(self, *, max_bytes: int, seconds: float) -> None:
        """As those of WebPages."""
        self._max_bytes, self._seconds = max_bytes, seconds
        self._pages: WebPages | None = None

    async def fetch(self, url: str, into: Path) -> "Fetched":
        """See WebPages."""
        if self._pages is None:
            self._pages = await asyncio.to_thread(self._load)
        return await self._pages.fetch(url, into)

    def _load(self) -> "WebPages":
        from conversational_rag.ingestion.fetching.pages import WebPages

        return WebPages(max_bytes=self._max_bytes, seconds=self._seconds)
