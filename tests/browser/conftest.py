"""A browser, and in it a window for each test that forgives nothing: no script may fail, no policy may be broken."""

from collections.abc import Callable, Iterator
from typing import Any

import chromium
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

# What the browser itself writes down when a request is refused or the server is gone; tests that bring that about ask
# for the words on the page.
_NETWORK = "Failed to load resource"
_PATIENCE_MS = 20_000

OpenWindow = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find_or_install()
    if path is None:
        pytest.skip("NOT TESTED: the page in a browser; there is no Chromium, and apt-get could not install it")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def open_window(browser: Browser) -> Iterator[OpenWindow]:
    """`open_window(url, **options)`: a window with storage of its own; at the end nothing may have gone wrong in it."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_NETWORK):
            faults.append(message.text)

    def open_one(url: str, **options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-GB", "timezone_id": "UTC", **options})
        contexts.append(context)
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert faults == []
