"""Web uploads: the page at a URL that somebody names becomes a file in the folder of uploads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePath

from conversational_rag.errors import Unavailable, UrlIngestionOff
from conversational_rag.ingestion.fetching.filenames import page_name
from conversational_rag.ingestion.fetching.on_demand import Pages
from conversational_rag.ingestion.fetching.urls import WebUrl
from conversational_rag.services.uploads import Upload, UploadFolder, new_document_id

_AT_ONCE = 4
_PATIENCE_SECONDS = 30.0


class WebUploads:
    """Fetches pages, a few at a time, so that nobody can make a weapon of it; without `pages` none."""

    def __init__(self, pages: Pages | None, folder: UploadFolder) -> None:
        self._pages, self._folder = pages, folder
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def receive(self, url: str) -> Upload:
        """Fetch the page. Raises UrlIngestionOff, UrlRefused, UrlUnreachable, FileTooLarge, StorageFull, Unavailable.

        The file is named after the URL that was asked for, so that it replaces what was fetched from there before.
        """
        if self._pages is None:
            raise UrlIngestionOff
        asked = WebUrl.parse(url)
        async with self._place():
            await self._folder.ping()
            document_id = new_document_id()
            try:
                fetched = await self._pages.fetch(str(asked), self._folder.path(document_id))
                name = page_name(asked, PurePath(fetched.filename).suffix)
                return await self._folder.adopt(document_id, name, fetched.sha256, fetched.size)
            except BaseException:
                await self._folder.discard([document_id])
                raise

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError as error:
            raise Unavailable("Too many pages are being fetched; try again in a moment.", retry_after=10) from error
        try:
            yield
        finally:
            self._places.release()
