"""The first minute: somebody who has never seen the page puts documents there, asks, checks, comes back, cleans up."""

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from files.makers import make_pdf
from groq_stand_in import GroqStandIn
from groq_turns import held
from playwright.sync_api import Page, expect
from reader import OpenWindow, Reader
from running_server import RunningServer

# Longer than a line of the page.
OPENING = (
    "The Harbour Bridge was opened to traffic on 19 March 1932, in the rain, before a crowd of "
    "forty thousand people from both shores."
)
REPORT = [
    "Report on the state of the bridge.\nIt carries eight lanes of road and two of rail.",
    f"{OPENING}\nIts northern bearings were replaced in 2011.",
]
MINUTES = "The harbour board meets every second Tuesday in the customs house."
_DROP = """([name, words]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(words), (byte) => byte.charCodeAt(0))], name));
    for (const kind of ["dragenter", "dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
    }
}"""


def drop(page: Page, name: str, data: bytes) -> None:
    """As from the desktop onto the page."""
    page.evaluate(_DROP, [name, base64.b64encode(data).decode()])


@pytest.fixture
def client(server: RunningServer) -> str:
    return server.new_client(("bridge.pdf", make_pdf(REPORT)))


@pytest.fixture
def new_server(tmp_path: Path, groq: GroqStandIn) -> Iterator[RunningServer]:
    """One that nobody has used."""
    with RunningServer(tmp_path / "new", GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url) as running:
        yield running


def test_from_an_empty_page_to_a_checked_answer(
    new_server: RunningServer, groq: GroqStandIn, open_window: OpenWindow, tmp_path: Path
) -> None:
    reader = Reader(open_window(new_server.url))
    page = reader.page
    report = tmp_path / "bridge.pdf"
    report.write_bytes(make_pdf(REPORT))

    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Drop files here, or choose them").click()
    chooser.value.set_files(report)
    uploads = page.get_by_role("region", name="Uploads")
    expect(uploads.get_by_role("listitem").filter(has_text="bridge.pdf")).to_contain_text("Ready")
    drop(page, "minutes.pdf", make_pdf([MINUTES]))
    expect(uploads.get_by_role("listitem").filter(has_text="minutes.pdf")).to_contain_text("Ready")
    expect(page.get_by_role("table", name="All documents").get_by_role("row")).to_have_count(3)

    reader.go_to("Chat")
    release = threading.Event()
    groq.script("*", held(4, release, f"Answer: {OPENING} [1]"))
    reader.ask("When was the Harbour Bridge opened?")
    reader.expect_state("writing")
    expect(reader.turn).to_contain_text("Answer: The Harbour")
    expect(reader.turn).not_to_contain_text("1932")
    release.set()
    reader.expect_state("done")
    expect(reader.turn.locator(".prose")).to_contain_text(OPENING)

    citation = reader.turn.locator(".prose").get_by_role("button", name="bridge.pdf, page 2")
    citation.click()
    expect(reader.passage.get_by_role("heading", name="bridge.pdf")).to_be_focused()
    marks = reader.passage.locator("figure mark")
    expect(marks.first).to_contain_text("Harbour Bridge was opened")
    expect(marks.last).to_contain_text("forty thousand people")
    reader.passage.get_by_role("button", name="Show on its page").click()
    whole = reader.passage.get_by_role("region", name="The document’s text")
    expect(whole).to_contain_text("northern bearings")
    expect(whole.locator("mark").first).to_be_in_viewport()
    expect(reader.passage).to_contain_text("2 of 2")
    reader.passage.get_by_role("button", name="Close").click()
    expect(reader.passage).to_be_hidden()
    expect(citation).to_be_focused()

    groq.reset()
    reader.hear("And when were its bearings replaced?")
    expect(reader.turn.locator(".prose")).to_contain_text("2011")
    assert "forty thousand people" in groq.prompts[-1], "the follow-up goes on with the same conversation"

    page.reload()
    expect(page.locator("[data-turn]")).to_have_count(2)
    expect(page.locator("[data-turn]").first).to_contain_text(OPENING)
    expect(reader.turn).to_contain_text("2011")
    expect(page.get_by_role("heading", level=1)).to_have_text("When was the Harbour Bridge opened?")


def test_conversations_are_named_found_taken_along_rated_and_deleted(
    server: RunningServer, open_window: OpenWindow, client: str
) -> None:
    other = server.ask(client, "Which lanes does the bridge carry?")
    reader = Reader(open_window(server.url, client))
    page, sidebar = reader.page, reader.sidebar
    question = "When was the Harbour Bridge opened?"
    reader.hear(question)

    reader.open_menu(question)
    sidebar.get_by_role("button", name="Rename").click()
    title = sidebar.get_by_role("textbox", name="Title of the conversation")
    title.fill("Opening day")
    title.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Opening day")
    expect(sidebar.get_by_role("button", name="More for: Opening day")).to_be_focused()

    conversations = sidebar.get_by_role("region", name="Conversations").get_by_role("listitem")
    expect(conversations).to_have_count(2)
    search = sidebar.get_by_role("searchbox", name="Search conversations")
    search.fill("lanes")
    expect(conversations).to_have_count(1)
    expect(conversations).to_contain_text("Which lanes")
    search.fill("nothing of the kind")
    expect(sidebar).to_contain_text("No conversation holds these words.")
    search.fill("")
    expect(conversations).to_have_count(2)

    reader.open_menu("Opening day")
    with page.expect_download() as download:
        sidebar.get_by_role("link", name="Export").click()
    written = download.value.path().read_text()
    assert download.value.suggested_filename.endswith(".md")
    assert "Opening day" in written
    assert question in written
    assert "opened to traffic on 19 March 1932" in written
    assert "bridge.pdf" in written

    reader.turn.get_by_role("button", name="Bad answer").click()
    reader.turn.get_by_role("textbox", name="What was wrong?").fill("It names no hour.")
    reader.turn.get_by_role("button", name="Send").click()
    expect(page.get_by_role("region", name="Notices")).to_contain_text("Thank you")
    stored = server.http.get("/api/v1/feedback", params={"client_id": client}).json()["feedback"]
    assert [(each["question"], each["rating"], each["comment"]) for each in stored] == [
        (question, "down", "It names no hour.")
    ]

    sidebar.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete this conversation?").get_by_role("button", name="Delete").click()
    expect(conversations).to_have_count(1)
    expect(page.get_by_role("heading", name="What do you want to know?")).to_be_visible()
    left = server.http.get("/api/v1/sessions", params={"client_id": client}).json()["sessions"]
    assert [each["session_id"] for each in left] == [other["session_id"]]


def test_a_document_is_read_and_deleted_with_a_receipt(
    server: RunningServer, open_window: OpenWindow, client: str
) -> None:
    page = open_window(f"{server.url}/#/documents", client)
    page.get_by_role("link", name="bridge.pdf").click()
    text = page.get_by_role("region", name="The text that was read")
    expect(text).to_contain_text("eight lanes")
    text.get_by_role("navigation", name="Turn pages", exact=True).get_by_role("button", name="Next").click()
    expect(text).to_contain_text("opened to traffic on 19 March 1932")
    page.get_by_role("link", name="All documents").click()

    page.get_by_role("button", name="Delete bridge.pdf").click()
    page.get_by_role("dialog", name="Delete this document?").get_by_role("button", name="Delete").click()
    receipt = page.get_by_role("dialog", name="Deleted")
    expect(receipt).to_contain_text("bridge.pdf")
    expect(receipt).to_contain_text("A second look found nothing left of it.")
    receipt.get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("heading", name="Drop files or folders here")).to_be_visible()
    assert server.http.get("/api/v1/documents", params={"client_id": client}).json()["total"] == 0
