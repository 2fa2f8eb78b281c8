"""Every view, in light and dark, in all languages, wide and narrow, and by keyboard alone: it is for everybody."""

import re
from typing import Any

import pytest
from accessibility import faults
from files.makers import encrypt_pdf, make_pdf
from groq_stand_in import GroqStandIn
from groq_turns import Answer
from locked_server import LockedServer
from playwright.sync_api import Locator, Page, expect
from reader import OpenWindow, Reader
from running_server import ROOT, RunningServer
from tour import FACT, Tour, World, open_sidebar

QUESTION = "When does the ferry leave, and how long does it take?"
# All that an answer can be made of.
ANSWER = """### The ferry
It leaves at six [1] and takes **forty** minutes.

1. first
   - `code` and [a page](https://www.example.org/)

> quoted

| from | to |
|---|---|
| pier | island |

```python
print("a line of a program that is wider than a telephone: " + "far, " * 100)
```
"""
LANGUAGES = ("en", "de", "fa")
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 640}
# Which colours, words and widths meet each other: every language, both colours at both widths.
WINDOWS = [("en", "light", WIDE), ("fa", "dark", WIDE), ("fa", "light", NARROW), ("de", "dark", NARROW)]


@pytest.fixture(scope="module")
def world(server: RunningServer, groq: GroqStandIn) -> World:
    report = make_pdf([FACT, "A second page."])
    client = server.new_client(("ferry.pdf", report), ("locked.pdf", encrypt_pdf(report, "secret")))
    groq.script("*", Answer(ANSWER))
    answer = server.ask(client, QUESTION)
    server.ask(client, "Who paints the ferry?", session_id=answer["session_id"])
    path = f"/api/v1/sessions/{answer['session_id']}/messages/{answer['message_id']}/feedback"
    assert server.http.put(path, json={"rating": "up", "comment": "Clear."}).status_code == 200
    for name in ("for the reading room", ""):
        key = {"scope": "chat", "client_id": client, "name": name}
        assert server.http.post("/api/v1/keys", json=key).status_code == 201
    documents = server.http.get("/api/v1/documents", params={"client_id": client}).json()["documents"]
    return World(client, answer["session_id"], next(each["id"] for each in documents if each["status"] == "ready"))


def about(language: str, colours: str, size: dict[str, int]) -> dict[str, Any]:
    # What fades or slides in has its own colours only in the end.
    return {"locale": language, "color_scheme": colours, "viewport": size, "reduced_motion": "reduce"}


@pytest.mark.parametrize(("language", "colours", "size"), WINDOWS, ids=["en-wide", "fa-dark", "fa-narrow", "de-narrow"])
def test_nothing_in_any_view_is_out_of_reach(
    server: RunningServer,
    world: World,
    open_window: OpenWindow,
    language: str,
    colours: str,
    size: dict[str, int],
) -> None:
    page = open_window(server.url, world.client, **about(language, colours, size))
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "fa" else "ltr")
    seen = {name: faults(page) for name in Tour(page, server.url, world).views()}
    assert {name: found for name, found in seen.items() if found} == {}


def test_a_citation_stands_in_the_line_of_its_word(
    server: RunningServer, open_window: OpenWindow, world: World
) -> None:
    page = open_window(f"{server.url}/#/chat/{world.session}", world.client)
    # The last word, the citation, and the stop behind it.
    place = page.locator("[data-turn]").last.locator(".tied")
    for width in range(320, 480, 10):
        page.set_viewport_size({"width": width, "height": 640})
        expect(place).to_have_text("minutes. 1")
        assert place.evaluate("place => place.getClientRects().length") == 1


def test_the_sign_in_is_open_to_everybody(house: LockedServer, open_window: OpenWindow) -> None:
    for language, colours, size in WINDOWS:
        page = open_window(house.server.url, **about(language, colours, size))
        expect(page.locator("input[type=password]")).to_be_visible()
        assert faults(page) == []
    page.locator("input[type=password]").fill("no key")
    page.keyboard.press("Enter")
    expect(page.locator(".field-error")).to_be_visible()
    assert faults(page) == []


def test_where_nothing_is_yet_everybody_is_told_what_to_do(
    server: RunningServer, open_window: OpenWindow, world: World
) -> None:
    for language, colours, size in WINDOWS[:3]:
        page = open_window(f"{server.url}/#/documents", world.client, **about(language, colours, size))
        expect(page.locator("table")).to_be_visible()
        open_sidebar(page)
        page.locator(".client-switch").click()
        page.locator(".choices-new").click()
        expect(page.locator(".invitation")).to_be_visible()
        assert faults(page) == []
        page.goto(f"{server.url}/#/chat")
        expect(page.locator("[data-upload]")).to_be_visible()
        assert faults(page) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_that_is_chosen_is_spoken_at_once_and_at_the_next_visit(
    server: RunningServer, open_window: OpenWindow, world: World, language: str
) -> None:
    words = sentences(language)
    page = open_window(server.url, world.client)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("combobox", name="Language").select_option(language)
    dialog = page.get_by_role("dialog", name=words["preferences"])
    dialog.get_by_role("radio", name=words["theme.dark"]).check()
    dialog.get_by_role("button", name=words["close"]).click()
    for _ in range(2):
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(page.get_by_role("textbox", name=words["chat.message"])).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text(words["welcome.ask"])
        page.reload()


def test_the_keyboard_alone_is_enough(server: RunningServer, open_window: OpenWindow, world: World) -> None:
    reader = Reader(open_window(f"{server.url}/#/admin/keys", world.client))
    page, keys = reader.page, reader.page.keyboard
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    # The first stop of all leads past the sidebar.
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()

    keys.press("Shift+Tab")
    tab_to(page, reader.sidebar.get_by_role("link", name="New chat"), "Shift+Tab")
    keys.press("Enter")
    tab_to(page, reader.question)
    keys.type("When does the ferry leave?")
    keys.press("Shift+Enter")
    keys.type("And how long does it take?")
    keys.press("Enter")
    reader.expect_state("done")
    expect(reader.turn.get_by_text("And how long does it take?").first).to_be_visible()
    expect(reader.question).to_be_focused()

    citation = reader.turn.locator(".prose").get_by_role("button", name="Source 1").first
    tab_to(page, citation, "Shift+Tab")
    keys.press("Enter")
    expect(reader.passage.get_by_role("heading", level=2)).to_be_focused()
    keys.press("Escape")
    expect(reader.passage).to_be_hidden()
    expect(citation).to_be_focused()

    settings = reader.sidebar.get_by_role("button", name="Settings")
    tab_to(page, settings, "Shift+Tab")
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="Settings")
    expect(dialog).to_be_visible()
    for _ in range(12):
        keys.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    expect(settings).to_be_focused()


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press it until the focus is there; each stop on the way can be seen."""
    for _ in range(100):
        page.keyboard.press(key)
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"100 times {key} do not lead to {wanted}")


def sentences(language: str) -> dict[str, str]:
    """What the shell and the chat say in a language."""
    text = (ROOT / f"conversational_rag/static/js/i18n/{language}.js").read_text()
    return dict(re.findall(r'^  "?([\w.]+)"?: "(.*)",$', text, re.MULTILINE))
