"""The widget on a page of another site: it opens, answers and closes there, and is shown nowhere else."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest
from accessibility import faults
from locked_server import FACTS, LockedServer
from loopback_http import Exchange, LoopbackServer
from playwright.sync_api import Page, expect
from reader import OpenWindow, Reader

QUESTION = "When was the Harbour Bridge opened?"
_POLICY = "default-src 'none'; script-src {service}; frame-src {service}; require-trusted-types-for 'script'"


@dataclass(slots=True)
class Site:
    """Somebody's own page, under a policy as strict as the widget allows; `script` is the tag it was given."""

    server: LoopbackServer
    script: str = ""
    service: str = ""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def embed(self, service: str, key: str, attributes: str = "") -> None:
        self.service = service
        self.script = f'<script src="{service}/widget.js" data-key="{key}" {attributes} async></script>'

    async def answer(self, exchange: Exchange) -> None:
        page = f'<!doctype html><html lang="en"><title>The site</title><h1>The site</h1>{self.script}</html>'
        policy = _POLICY.format(service=self.service)
        exchange.respond(
            200, page.encode(), {"content-type": "text/html; charset=utf-8", "content-security-policy": policy}
        )


@pytest.fixture
def site() -> Iterator[Site]:
    async def answer(exchange: Exchange) -> None:
        if exchange.path == "/":
            return await here.answer(exchange)
        return exchange.respond(404, b"", {})

    here = Site(LoopbackServer(answer))
    here.server.start()
    yield here
    here.server.stop()


def key_for(house: LockedServer, *origins: str) -> str:
    holder = house.new_key("chat", "acme", origins=list(origins))
    assert holder.key is not None
    return holder.key


def opened(page: Page, title: str = "Ask a question") -> Reader:
    """Its reader, in the frame."""
    page.get_by_role("button", name=title, exact=True).click()
    expect(page.get_by_role("dialog", name=title)).to_be_visible()
    return Reader(cast(Page, page.frame_locator("iframe")))


def test_a_visitor_asks_checks_and_closes_it_and_goes_on_later(
    house: LockedServer, site: Site, open_window: OpenWindow
) -> None:
    site.embed(house.server.url, key_for(house, site.origin))
    page = open_window(site.origin, reduced_motion="reduce")
    reader = opened(page)
    reader.hear(QUESTION)
    expect(reader.turn).to_contain_text(FACTS["acme"])
    reader.turn.locator(".prose").get_by_role("button", name="Source 1").click()
    passage = reader.page.get_by_role("dialog")
    expect(passage).to_contain_text("1932")
    assert faults(page.frames[1]) == []
    page.keyboard.press("Escape")
    expect(passage).to_be_hidden()
    expect(page.get_by_role("dialog", name="Ask a question")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Ask a question")).to_be_hidden()
    expect(page.get_by_role("button", name="Ask a question")).to_be_focused()

    page.reload()
    reader = opened(page)
    expect(reader.turn).to_contain_text(FACTS["acme"])
    reader.page.get_by_role("button", name="Begin anew").click()
    expect(reader.page.locator("[data-turn]")).to_have_count(0)


def test_it_speaks_the_sites_language_under_the_sites_title(
    house: LockedServer, site: Site, open_window: OpenWindow
) -> None:
    attributes = 'data-title="پرسش از بندر" data-lang="fa" data-color-scheme="dark" data-position="left"'
    site.embed(house.server.url, key_for(house, site.origin), attributes)
    page = open_window(site.origin, reduced_motion="reduce", viewport={"width": 320, "height": 640})
    reader = opened(page, "پرسش از بندر")
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("پرسش از بندر")
    expect(reader.page.locator("html")).to_have_attribute("dir", "rtl")
    expect(reader.page.locator("html")).to_have_attribute("data-theme", "dark")
    assert faults(page.frames[1]) == []


def test_a_site_that_the_key_does_not_name_is_not_shown_it(
    house: LockedServer, site: Site, open_window: OpenWindow
) -> None:
    site.embed(house.server.url, key_for(house, "https://www.example.org"))
    page = open_window(site.origin, refused="frame-ancestors")
    with page.expect_console_message(lambda message: "frame-ancestors https://www.example.org" in message.text):
        reader = opened(page)
    expect(reader.page.locator("#page")).to_have_count(0)
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_revoked_key_closes_it(house: LockedServer, site: Site, open_window: OpenWindow) -> None:
    key = key_for(house, site.origin)
    site.embed(house.server.url, key)
    reader = opened(open_window(site.origin))
    expect(reader.question).to_be_enabled()
    assert house.admin("DELETE", f"/api/v1/keys/{key.split('_')[1]}").status_code == 200
    reader.ask(QUESTION)
    expect(reader.page.get_by_role("heading", name="This window is not open any more")).to_be_visible()
