"""Take the pictures of the page that the documentation shows, of a service that lives only for that.

    python scripts/make_screenshots.py

It needs what the tests need, and looks as the machine's fonts do (docs/screenshots was made with Noto Sans and Noto
Naskh Arabic).
"""

import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import chromium
from groq_stand_in import GroqStandIn
from locked_server import first_admin_key
from loopback_http import Exchange, LoopbackServer
from playwright.sync_api import Browser, Page, expect, sync_playwright
from running_server import RunningServer
from sample_library import BEARINGS, FARSI, HANGERS, LEAVE, OTHERS, Question, files, late_files

ROOT = Path(__file__).parents[1]
SHOTS = ROOT / "docs/screenshots"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
CLIENT = "harbour-museum"
MOST_BYTES = 150_000
_HOUR, _DAY = 3600, 86_400
_USE = """INSERT INTO usage (client_id, timestamp, answers, degraded, llm_calls, prompt_tokens, completion_tokens,
cached_tokens) VALUES (?, ?, 1, ?, ?, ?, ?, ?)"""
_AGE = "UPDATE sessions SET last_accessed = last_accessed - ? WHERE session_id = ?"


def main() -> None:
    """Take all."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, GroqStandIn() as groq, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find_or_install(), args=list(chromium.ARGUMENTS))
        settings = {"GROQ_API_KEY": "gsk_stand_in", "GROQ_API_BASE": groq.url}
        with RunningServer(Path(folder) / "open", **settings) as server:
            Shooting(browser, server, groq).take()
        with RunningServer(Path(folder) / "keys", AUTH_MODE="keys", **settings) as server:
            take_widget(browser, server, groq)
        browser.close()
    for picture in sorted(SHOTS.glob("*.png")):
        size = picture.stat().st_size
        print(f"{picture.relative_to(ROOT)}: {size:,} bytes{'' if size < MOST_BYTES else ', TOO MANY'}")


class Shooting:
    """Of the page itself, in open mode."""

    def __init__(self, browser: Browser, server: RunningServer, groq: GroqStandIn) -> None:
        self._browser, self._server, self._groq = browser, server, groq

    def take(self) -> None:
        self._server.new_client(*files(), client_id=CLIENT)
        sessions = {each.question: self._asked(each) for each in (*OTHERS, HANGERS, FARSI, LEAVE, BEARINGS)}
        self._live_through(list(sessions.values()))
        bridge = sessions[BEARINGS.question]
        self._chat("chat-light", bridge, source=1)
        self._chat("chat-dark", sessions[LEAVE.question], color_scheme="dark")
        self._chat("chat-phone", bridge, viewport=PHONE, has_touch=True)
        self._chat("chat-farsi", sessions[FARSI.question], source=1, locale="fa")
        self._documents()
        with self._window("#/admin/overview") as page:
            expect(page.get_by_text("Everything works.")).to_be_visible()
            self._shoot(page, "admin-overview-light")
        with self._window("#/admin/usage", color_scheme="dark") as page:
            page.get_by_role("radio", name="30 days").check()
            expect(page.locator("svg rect").first).to_be_visible()
            self._shoot(page, "admin-usage-dark")

    def _asked(self, exchange: Question) -> str:
        """The session it was asked in."""
        self._groq.script("*", exchange.turn)
        session_id: str = self._server.ask(CLIENT, exchange.question)["session_id"]
        return session_id

    def _live_through(self, sessions: list[str]) -> None:
        """A month of use behind it, the sessions spread over the last days."""
        database = sqlite3.connect(self._server.folder / "data/sessions.db")
        with database:
            database.executemany(_USE, used(time.time()))
            for age, session_id in enumerate(reversed(sessions)):
                back = (age // 2) * _DAY + age * _HOUR / 6
                database.execute(_AGE, [back, session_id])
        database.close()

    def _chat(self, name: str, session_id: str, source: int | None = None, **options: Any) -> None:
        with self._window(f"#/chat/{session_id}", **options) as page:
            expect(page.locator("[data-turn]").last).to_have_attribute("data-state", "done")
            if source is not None:
                page.locator("[data-turn]").last.locator(".prose .cite").nth(source - 1).click()
                expect(page.locator(".source-aside mark").first).to_be_visible()
            self._shoot(page, name)

    def _documents(self) -> None:
        with self._window("#/documents") as page:
            expect(page.locator(".library table")).to_be_visible()
            given = [{"name": name, "mimeType": "", "buffer": data} for name, data in late_files()]
            page.locator("input[type=file]").first.set_input_files(given)  # type: ignore[arg-type]
            expect(page.locator(".upload-row")).to_have_count(3)
            expect(page.get_by_role("button", name="Clear this list")).to_be_visible()
            self._shoot(page, "documents-light")

    @contextmanager
    def _window(self, place: str, **options: Any) -> Iterator[Page]:
        stored = [{"name": "crag.client", "value": json.dumps(CLIENT)}]
        state = {"origins": [{"origin": self._server.url, "localStorage": stored}]}
        about = {"viewport": DESK, "locale": "en-GB", "reduced_motion": "reduce", "storage_state": state, **options}
        context = self._browser.new_context(**about)
        page = context.new_page()
        page.goto(f"{self._server.url}/{place}")
        yield page
        context.close()

    def _shoot(self, page: Page, name: str) -> None:
        expect(page.locator(".skeleton")).to_have_count(0)
        shoot(page, name)


def take_widget(browser: Browser, server: RunningServer, groq: GroqStandIn) -> None:
    """On a site of its own."""
    admin = {"Authorization": f"Bearer {first_admin_key(server)}"}
    parts = [("files", file) for file in files()]
    server.http.post("/api/v1/ingest/", files=parts, data={"client_id": CLIENT}, headers=admin).raise_for_status()

    async def answer(exchange: Exchange) -> None:
        exchange.respond(200, _SITE.replace("SCRIPT", script).encode(), {"content-type": "text/html; charset=utf-8"})

    site = LoopbackServer(answer)
    site.start()
    origin = f"http://127.0.0.1:{site.port}"
    wanted = {"scope": "chat", "client_id": CLIENT, "origins": [origin]}
    key = server.http.post("/api/v1/keys", json=wanted, headers=admin).raise_for_status().json()["key"]
    title = "Ask the harbour museum"
    script = f'<script src="{server.url}/widget.js" data-key="{key}" data-title="{title}" async></script>'
    groq.script("*", HANGERS.turn)
    page = browser.new_context(viewport=DESK, locale="en-GB", reduced_motion="reduce").new_page()
    page.goto(origin)
    page.get_by_role("button", name=title).click()
    frame = page.frame_locator("iframe")
    frame.get_by_role("textbox").fill(HANGERS.question)
    frame.get_by_role("textbox").press("Enter")
    expect(frame.locator("[data-turn]")).to_have_attribute("data-state", "done")
    shoot(page, "widget")
    site.stop()


def shoot(page: Page, name: str) -> None:
    """Of what is in the window; the mouse is not in the way."""
    page.mouse.move(0, 0)
    page.evaluate("document.fonts.ready.then(() => null)")
    page.screenshot(path=SHOTS / f"{name}.png", animations="disabled", caret="hide")


def used(now: float) -> Iterator[tuple[str | float, ...]]:
    """What a museum asks in a month; the same in each run."""
    dice = random.Random(7)
    for day in range(30):
        for _ in range(dice.randint(6, 14) + day // 2):
            at = now - (29 - day) * _DAY - dice.random() * 8 * _HOUR
            spent = (1, dice.randint(700, 1600), dice.randint(60, 320), 512)
            is_quoted = dice.random() < 0.07
            yield (CLIENT, at, int(is_quoted), *((0, 0, 0, 0) if is_quoted else spent))


_SITE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>The harbour walk</title>
<style>body { margin: 0; font: 18px/1.6 serif; color: #223; background: #eef3f6 }
header { padding: 3rem 4rem; background: #1f4e63; color: #fff } main { max-width: 38rem; padding: 2rem 4rem }
h1 { margin: 0; font-size: 2.6rem } p { margin-block: 1rem }</style>
<header><h1>The harbour walk</h1><p>Two hours along the water, from the customs house to the bridge.</p></header>
<main><h2>On the way</h2><p>The walk begins at the customs house, where the harbour board still meets. It follows the
old railway to the North Pier and ends below the northern tower of the bridge.</p><p>Guided tours start every
Saturday at ten. Bring shoes for wet stone, and an umbrella.</p><h2>Good to know</h2><p>The last ferry to the
island leaves late in the evening. The museum’s café opens at nine.</p></main>SCRIPT</html>"""

if __name__ == "__main__":
    main()
