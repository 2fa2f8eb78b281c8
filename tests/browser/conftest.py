"""A browser, and in it a window for each test that forgives nothing: no script may fail, no policy may be broken."""

import json
from collections.abc import Iterator
from typing import Any

import chromium
import pytest
from groq_quota import PLENTY, FreePlan
from groq_stand_in import GroqStandIn
from locked_server import LockedServer, locked
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from reader import OpenWindow
from running_server import RunningServer

# What the browser itself writes down when a request is refused or the server is gone; tests that bring that about ask
# for the words on the page.
_NETWORK = "Failed to load resource"
_PATIENCE_MS = 20_000


# Not for longer: as long as Playwright runs, its event loop does, and no test beside it can have one of its own.
@pytest.fixture(scope="module")
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
    """`open_window(url, client=None, refused=None, **options)`: a window with storage of its own, in which that client
    is chosen; at the end nothing may have gone wrong in it, but for what the browser says with the word `refused`."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_one(url: str, client: str | None = None, refused: str | None = None, **options: Any) -> Page:
        def note(message: ConsoleMessage) -> None:
            is_known = message.text.startswith(_NETWORK) or (refused is not None and refused in message.text)
            if message.type == "error" and not is_known:
                faults.append(f"{message.text} ({message.location.get('url')})")

        remembered = _remembering(url, client) if client else None
        about = {"locale": "en-GB", "timezone_id": "UTC", "storage_state": remembered, **options}
        context = browser.new_context(**about)
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


@pytest.fixture(scope="session")
def groq() -> Iterator[GroqStandIn]:
    """A paid plan: how often tests ask is no matter here."""
    with GroqStandIn(plan=FreePlan(limits=PLENTY)) as stand_in:
        yield stand_in


@pytest.fixture(autouse=True)
def unscripted(groq: GroqStandIn) -> Iterator[None]:
    """No test gets what was meant for the one before it."""
    yield
    groq.reset()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, groq: GroqStandIn) -> Iterator[RunningServer]:
    """One open server with a model for all tests of a process."""
    folder = tmp_path_factory.mktemp("open")
    with RunningServer(folder, GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url) as running:
        yield running


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, groq: GroqStandIn) -> Iterator[LockedServer]:
    """One server that asks for keys, with the same model."""
    folder = tmp_path_factory.mktemp("locked")
    with locked(folder, GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url) as whole:
        yield whole


def _remembering(url: str, client: str) -> dict[str, Any]:
    """What the page has stored once that client was chosen."""
    origin = "/".join(url.split("/")[:3])
    return {"origins": [{"origin": origin, "localStorage": [{"name": "crag.client", "value": json.dumps(client)}]}]}
