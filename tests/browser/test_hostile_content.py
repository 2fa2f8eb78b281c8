"""Documents, names and answers of somebody who means harm: they are shown as text, nothing of them runs, and nothing
leaves for another place."""

from urllib.parse import urlsplit

import pytest
from groq_stand_in import GroqStandIn
from groq_turns import Answer
from playwright.sync_api import Page, Route, expect
from reader import OpenWindow, Reader
from running_server import RunningServer

TRAP = "globalThis.trapped=true"
ELSEWHERE = "https://elsewhere.invalid"
TAGS = [
    f"<script>{TRAP}</script>",
    f"<img src=x onerror='{TRAP}'>",
    f"<svg onload='{TRAP}'><animate onbegin='{TRAP}'></svg>",
    f"<iframe srcdoc='<script>parent.{TRAP}</script>'></iframe>",
    f"<a href='javascript:{TRAP}'>click</a>",
    f"<img src='{ELSEWHERE}/pixel.png'>",
    f"<form action='{ELSEWHERE}'><button>send</button></form>",
    f"<style>body {{ background: url({ELSEWHERE}/style.png) }}</style>",
]
# An override that turns what follows it, and quotes that end an attribute.
NAME = "<img src=x onerror=globalThis.trapped=true> \"quoted\" 'so' \u202egnp.exe &amp; {name}.txt"
TEXT = "\n\n".join(["The password of the lighthouse is seagull.", *TAGS, "\u202eThe end comes first.", "]]> --> */"])
PAGE = f"<title>{TRAP}</title><body onload='{TRAP}'>{''.join(TAGS)}<p>The lamp is lit at dusk.</p>"
QUESTION = "What is the password of the lighthouse?"
ANSWER = "\n\n".join(
    [
        "The password of the lighthouse is seagull. [1]",
        *TAGS,
        f"[press](javascript:{TRAP}) [data](data:text/html,<script>{TRAP}</script>) [vb](vbscript:{TRAP})",
        f"[entity](&#106;avascript:{TRAP}) [tab](java\tscript:{TRAP})",
        f"![chart](data:image/svg+xml,<svg/onload={TRAP}>) ![pixel]({ELSEWHERE}/pixel.png)",
        f"[plain]({ELSEWHERE}/page) <{ELSEWHERE}/bare>",
        f"```html\n<script>{TRAP}</script>\n```",
        f"| a | b |\n|---|---|\n| <b onclick={TRAP}>cell</b> | [x](javascript:{TRAP}) |",
        f'<p class="cite" data-source="1" id="page">no chip</p> &lt;script&gt;{TRAP}&lt;/script&gt;',
    ]
)
HUGE = "\n".join(
    [
        *("> " * depth + "deep" for depth in range(1, 60)),
        "",
        *("  " * depth + "- item" for depth in range(1, 60)),
        "",
        "**" * 2_000 + "[" * 2_000 + "](" * 2_000 + "`" * 2_001,
        "",
        "|" + " a |" * 200,
        "|" + "---|" * 200,
        *["|" + " b |" * 200] * 20,
        "",
        "word" * 5_000,
        "",
        "It is over.",
    ]
)


class Watch:
    """Of where a page's requests go, and whether a trap has sprung in it."""

    def __init__(self, page: Page) -> None:
        self._page, self._hosts = page, set[str]()
        page.on("request", lambda request: self._hosts.add(urlsplit(request.url).netloc))
        page.on("popup", lambda popup: self._hosts.add("a window of its own"))

    def saw_no_harm(self) -> None:
        assert self._hosts == {urlsplit(self._page.url).netloc}
        assert self._page.evaluate("frames.length + Number('trapped' in globalThis)") == 0
        assert self._page.url.startswith("http://127.0.0.1")


@pytest.fixture
def client(server: RunningServer) -> str:
    return server.new_client((NAME, TEXT.encode()), ("page.html", PAGE.encode()))


def stored_name(server: RunningServer, client: str) -> str:
    documents = server.http.get("/api/v1/documents", params={"client_id": client}).json()["documents"]
    (name,) = {str(document["filename"]) for document in documents} - {"page.html"}
    return name


def test_a_document_and_its_name_are_shown_as_they_are(
    server: RunningServer, open_window: OpenWindow, client: str
) -> None:
    name = stored_name(server, client)
    page = open_window(f"{server.url}/#/documents", client)
    watch = Watch(page)
    assert "<img src=x onerror=" in name
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    text = page.get_by_role("region", name="The text that was read")
    for tag in TAGS:
        expect(text).to_contain_text(tag)
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"“{name}” goes with its text")
    dialog.get_by_role("button", name="Cancel").click()
    # What stands beside the name is read in its own direction.
    assert page.locator("h1 bdi").evaluate("name => getComputedStyle(name).unicodeBidi") == "isolate"
    page.get_by_role("link", name="All documents").click()
    page.get_by_role("link", name="page.html").click()
    expect(text).to_contain_text("The lamp is lit at dusk.")
    watch.saw_no_harm()


def test_an_answer_is_shown_as_text_and_leads_nowhere(
    server: RunningServer, groq: GroqStandIn, open_window: OpenWindow, client: str
) -> None:
    groq.script("*", Answer(ANSWER))
    reader = Reader(open_window(server.url, client))
    watch = Watch(reader.page)
    reader.hear(QUESTION)
    expect_harmless(reader)
    prose = reader.turn.locator(".prose")
    expect(prose.get_by_role("button", name="Source 1")).to_have_count(1)
    prose.get_by_role("button", name="Source 1").click()
    expect(reader.passage.get_by_role("heading", level=2)).to_contain_text(stored_name(server, client))
    for tag in TAGS:
        expect(reader.passage.locator("blockquote")).to_contain_text(tag)
    watch.saw_no_harm()


def test_the_page_does_not_rely_on_what_the_service_has_taken_out(
    server: RunningServer, open_window: OpenWindow, client: str
) -> None:
    session_id = server.ask(client, QUESTION)["session_id"]

    def tampered(route: Route) -> None:
        answer = route.fetch()
        messages = [{**each, "content": ANSWER} if each["role"] == "assistant" else each for each in answer.json()]
        route.fulfill(response=answer, json=messages)

    reader = Reader(open_window(server.url, client))
    watch = Watch(reader.page)
    reader.page.route("**/messages?*", tampered)
    reader.page.goto(f"{server.url}/#/chat/{session_id}")
    expect_harmless(reader)
    links = reader.turn.locator(".prose").get_by_role("link")
    expect(links.get_by_text("plain")).to_have_attribute("href", f"{ELSEWHERE}/page")
    watch.saw_no_harm()
    reader.page.goto(f"{server.url}/#/admin/sessions/{session_id}")
    expect(reader.page.get_by_role("main").locator(".prose, .said").first).to_contain_text(TAGS[0])
    watch.saw_no_harm()


def expect_harmless(reader: Reader) -> None:
    """ANSWER is there, its tags as text, its links those of the web alone, and pressing on it does nothing."""
    prose = reader.turn.locator(".prose")
    for tag in TAGS:
        expect(prose).to_contain_text(tag)
    expect(prose.locator("img, svg, script, style, iframe, form, object, base, [onclick], [id]")).to_have_count(0)
    addresses = prose.get_by_role("link").evaluate_all("links => links.map((each) => each.getAttribute('href'))")
    assert len(addresses) >= 2
    assert [each for each in addresses if not each.startswith(ELSEWHERE)] == []
    careless = prose.locator('a[href]:not([target="_blank"][rel="noopener noreferrer nofollow"])')
    expect(careless).to_have_count(0)
    for words in ("press", "click", "entity", "tab", "cell"):
        prose.get_by_text(words).first.click()


def test_a_question_and_a_title_are_text_too(server: RunningServer, open_window: OpenWindow, client: str) -> None:
    question = f"{QUESTION} {TAGS[1]} {TAGS[0]}"
    session_id = server.ask(client, question)["session_id"]
    server.http.patch(f"/api/v1/sessions/{session_id}", json={"title": f"{TAGS[1]} \u202ekcab"})
    reader = Reader(open_window(f"{server.url}/#/chat/{session_id}", client))
    watch = Watch(reader.page)
    expect(reader.turn).to_contain_text(TAGS[1])
    expect(reader.page.get_by_role("heading", level=1)).to_contain_text(TAGS[1])
    expect(reader.sidebar.get_by_role("region", name="Conversations")).to_contain_text(TAGS[1])
    reader.page.goto(f"{server.url}/#/admin/sessions/{session_id}")
    expect(reader.page.get_by_role("main")).to_contain_text(TAGS[0])
    watch.saw_no_harm()


def test_markdown_beyond_all_bounds_does_not_stop_the_page(
    server: RunningServer, groq: GroqStandIn, open_window: OpenWindow, client: str
) -> None:
    groq.script("*", Answer(HUGE))
    reader = Reader(open_window(server.url, client))
    reader.hear(QUESTION)
    expect(reader.turn.locator(".prose")).to_contain_text("It is over.")
    width = reader.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1]
    reader.hear(f"{QUESTION} Once more, please.")
    expect(reader.turn.locator(".prose")).to_contain_text("seagull")
