"""A tour through every view of the page."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

FACT = "The ferry to the island leaves at six in the morning and takes forty minutes."
ADMIN = ("overview", "clients", "keys", "sessions", "usage", "feedback", "audit")


@dataclass(frozen=True, slots=True)
class World:
    """A client with all that a view can show; `document` is one that was read."""

    client: str
    session: str
    document: str


class Tour:
    """Through a window in whatever language, so by addresses and marks, not by words."""

    def __init__(self, page: Page, url: str, world: World) -> None:
        self.page, self._url, self._world = page, url, world

    def views(self) -> Iterator[str]:
        """The name of each view, with the window in it."""
        yield from self._chat()
        yield from self._documents()
        for place in ADMIN:
            yield self._administer(place)
        yield self._at("admin", "sessions", self._world.session, shows=".asked")
        self._administer("keys")
        yield from self._dialog("a new key", self.page.locator(".filters .button.main"))
        self._administer("clients")
        yield from self._dialog("the end of a client", self.page.locator("table .icon-only").first)
        yield self._at("nowhere", shows=".empty-state")

    def _chat(self) -> Iterator[str]:
        yield self._at("chat", shows=".suggestions")
        yield self._at("chat", self._world.session, shows=".turn")
        citation = self.page.locator(".prose .cite").first
        citation.click()
        passage = self.page.locator(".source-aside, dialog")
        expect(passage.locator("mark").first).to_be_visible()
        yield "a passage"
        passage.locator("figure + div button, .dialog-body > div > button").last.click()
        expect(passage.locator(".page-text mark").first).to_be_visible()
        yield "a passage on its page"
        self.page.keyboard.press("Escape")
        expect(passage).to_have_count(0)
        self.page.locator(".answer-foot [aria-pressed=false]").first.click()
        expect(self.page.locator(".feedback-words")).to_be_visible()
        yield "feedback"
        open_sidebar(self.page)
        self.page.locator(".session-row button").first.click()
        expect(self.page.locator(".session-actions")).to_be_visible()
        yield "a conversation's menu"
        yield from self._dialog("deleting a conversation", self.page.locator(".session-actions button").last)
        yield from self._dialog("settings", self.page.locator(".sidebar-foot .row button").first)
        yield from self._dialog("whose documents", self.page.locator(".client-switch"))

    def _documents(self) -> Iterator[str]:
        yield self._at("documents", shows=".library table")
        self._pick(f"{uuid.uuid4()}.txt", FACT.encode())
        expect(self.page.locator(".upload-row a")).to_be_visible()
        yield "uploads"
        self._pick("ferry.pdf", b"")
        yield from self._dialog("a name that is taken")
        yield from self._dialog("deleting a document", self.page.locator(".library .row-actions button").last)
        yield self._at("documents", self._world.document, shows=".page-reader .page")

    def _pick(self, name: str, data: bytes) -> None:
        self.page.locator("input[type=file]").first.set_input_files([{"name": name, "mimeType": "", "buffer": data}])

    def _administer(self, place: str) -> str:
        return self._at("admin", place, shows=f".tabs [aria-current=page][href='#/admin/{place}']")

    def _at(self, *parts: str, shows: str) -> str:
        address = "/".join(parts)
        self.page.goto(f"{self._url}/#/{address}")
        expect(self.page.locator(shows).first).to_be_visible()
        expect(self.page.locator("main").locator(".skeleton, [aria-busy=true]")).to_have_count(0)
        return address

    def _dialog(self, name: str, opener: Locator | None = None) -> Iterator[str]:
        if opener is not None:
            opener.click()
        dialog = self.page.locator("dialog[open]")
        expect(dialog).to_be_visible()
        expect(dialog.locator(".skeleton")).to_have_count(0)
        yield name
        self.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)


def open_sidebar(page: Page) -> None:
    """Where it is not open anyway."""
    menu = page.locator("[aria-controls=sidebar]")
    if menu.is_visible():
        menu.click()
    expect(page.locator("#sidebar a").first).to_be_in_viewport()
