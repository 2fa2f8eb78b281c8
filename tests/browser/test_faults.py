"""What the page does when something breaks off, is missing or is refused: it says so, and goes on when it can."""

import threading
from collections.abc import Iterator

import pytest
from groq_stand_in import GroqStandIn
from groq_turns import held, rate_limited, reset_midway
from locked_server import FACTS, LockedServer
from playwright.sync_api import Page, expect
from reader import OpenWindow, Reader
from running_server import RunningServer

FACT = "The night watch ends at six in the morning, when the ferry leaves the northern pier."
QUESTION = "When does the night watch end?"
BACK_AFTER = 3


@pytest.fixture(scope="module")
def shaky(tmp_path_factory: pytest.TempPathFactory, groq: GroqStandIn) -> Iterator[RunningServer]:
    """A server of one's own to be killed; one that rather quotes than waits for a model."""
    folder = tmp_path_factory.mktemp("shaky")
    settings = {"GROQ_API_KEY": "gsk_test", "GROQ_API_BASE": groq.url, "LLM_MAX_WAIT": "0.1"}
    with RunningServer(folder, **settings) as running:
        yield running


@pytest.fixture
def reader(shaky: RunningServer, open_window: OpenWindow) -> Reader:
    client = shaky.new_client(("watch.txt", FACT.encode()))
    return Reader(open_window(shaky.url, client))


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_stopped_answer_keeps_its_words_and_can_be_asked_again(
    reader: Reader, groq: GroqStandIn, release: threading.Event
) -> None:
    groq.script("*", held(4, release))
    reader.ask(QUESTION)
    expect(reader.turn).to_contain_text("The night watch")
    reader.page.get_by_role("button", name="Stop").click()
    reader.expect_state("stopped")
    expect(reader.turn).to_contain_text("The answer was broken off here.")
    expect(reader.turn).not_to_contain_text("ferry")
    expect(reader.question).to_be_focused()

    reader.page.reload()
    reader.expect_state("stopped")
    expect(reader.turn).to_contain_text("The night watch")
    reader.turn.get_by_role("button", name="Ask again").first.click()
    expect(reader.page.locator("[data-turn]")).to_have_count(2)
    reader.expect_state("done")
    expect(reader.turn).to_contain_text("ferry")


def test_an_answer_that_the_model_breaks_off_says_so_and_can_be_asked_again(reader: Reader, groq: GroqStandIn) -> None:
    groq.script("*", reset_midway(4))
    reader.ask(QUESTION)
    reader.expect_state("failed")
    expect(reader.turn).to_contain_text("The answer broke off here.")
    expect(reader.turn.get_by_role("alert")).to_be_visible()
    reader.turn.get_by_role("button", name="Ask again").first.click()
    expect(reader.page.locator("[data-turn]")).to_have_count(2)
    reader.expect_state("done")
    expect(reader.turn).to_contain_text("ferry")


def test_a_server_that_goes_in_the_middle_of_an_answer_and_comes_back_is_waited_for(
    reader: Reader, shaky: RunningServer, groq: GroqStandIn, release: threading.Event
) -> None:
    groq.script("*", held(4, release))
    reader.ask(QUESTION)
    expect(reader.turn).to_contain_text("The night watch")
    shaky.kill()
    reader.expect_state("waiting")
    expect(reader.turn).to_contain_text("The connection is lost.")
    shaky.start()
    reader.expect_state("done")
    expect(reader.turn).to_contain_text("ferry")
    reader.page.reload()
    expect(reader.page.locator("[data-turn]")).to_have_count(1)
    reader.expect_state("done")


def test_what_could_not_be_loaded_is_loaded_once_the_server_is_back(reader: Reader, shaky: RunningServer) -> None:
    page = reader.page
    reader.hear(QUESTION)
    reader.sidebar.get_by_role("link", name="New chat").click()
    page.reload()
    conversation = reader.sidebar.get_by_role("link", name=QUESTION)
    expect(conversation).to_be_visible()
    shaky.kill()
    conversation.click()
    problem = page.get_by_role("region", name="Messages").get_by_role("alert")
    expect(problem).to_contain_text("The service cannot be reached.")
    expect(reader.question).to_be_disabled()
    shaky.start()
    problem.get_by_role("button", name="Try again").click()
    reader.expect_state("done")
    expect(reader.turn).to_contain_text("ferry")


def test_what_no_model_wrote_is_marked_until_the_model_is_back(reader: Reader, groq: GroqStandIn) -> None:
    groq.default = rate_limited("TPM", f"{BACK_AFTER}s", BACK_AFTER)
    reader.hear(QUESTION)
    note = reader.turn.locator("[data-degraded]")
    expect(note).to_contain_text("Quoted, not written.")
    expect(note).to_contain_text("The model is back in")
    expect(reader.turn.locator(".prose")).to_contain_text("ferry")
    groq.reset()
    expect(note).to_contain_text("The model should be back.")
    note.get_by_role("button", name="Ask again").click()
    expect(reader.page.locator("[data-turn]")).to_have_count(2)
    reader.expect_state("done")
    expect(reader.turn.locator("[data-degraded]")).to_have_count(0)


def test_what_was_answered_before_is_marked(reader: Reader, groq: GroqStandIn) -> None:
    reader.hear(QUESTION)
    expect(reader.turn.locator("[data-cached]")).to_have_count(0)
    reader.sidebar.get_by_role("link", name="New chat").click()
    expect(reader.page.locator("[data-turn]")).to_have_count(0)
    reader.hear(QUESTION)
    expect(reader.turn.locator("[data-cached]")).to_have_text("Answered before")
    assert len(groq.chats) == 1


def sign_in(page: Page, key: str) -> None:
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Sign in").click()


def expect_refusal(page: Page) -> None:
    expect(page.get_by_role("alert").filter(has_text="This key is not valid")).to_be_visible()


def expect_sign_in(page: Page) -> None:
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_wrong_key_is_refused_and_the_right_one_opens_until_the_sign_out(
    house: LockedServer, open_window: OpenWindow
) -> None:
    page = open_window(house.server.url)
    expect_sign_in(page)
    assert house.manager.key is not None
    sign_in(page, house.manager.key[:-4] + "0000")
    expect_refusal(page)
    sign_in(page, house.manager.key)
    reader = Reader(page)
    reader.hear("When was the Harbour Bridge opened?")
    expect(reader.turn).to_contain_text(FACTS["acme"])
    assert house.manager.key not in page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")

    page.get_by_role("button", name="Sign out").click()
    expect_sign_in(page)
    page.reload()
    expect_sign_in(page)
    expect(page.get_by_text("Harbour Bridge")).to_have_count(0)


def test_a_key_that_is_revoked_meanwhile_leads_to_the_sign_in(house: LockedServer, open_window: OpenWindow) -> None:
    holder = house.new_key("manage", "acme")
    page = open_window(house.server.url)
    assert holder.key is not None
    sign_in(page, holder.key)
    reader = Reader(page)
    expect(reader.question).to_be_enabled()
    # Whatever the page asks at its beginning must not be what is refused.
    page.wait_for_load_state("networkidle")
    key_id = holder("GET", "/api/v1/auth/me").json()["key_id"]
    assert house.admin("DELETE", f"/api/v1/keys/{key_id}").status_code == 200
    reader.ask("When was the Harbour Bridge opened?")
    expect_sign_in(page)
    sign_in(page, holder.key)
    expect_refusal(page)


def test_a_key_to_ask_with_is_offered_nothing_else(house: LockedServer, open_window: OpenWindow) -> None:
    assert house.chatter.key is not None
    page = open_window(house.server.url)
    sign_in(page, house.chatter.key)
    reader = Reader(page)
    expect(reader.question).to_be_enabled()
    expect(reader.sidebar.get_by_role("navigation", name="Views").get_by_role("link")).to_have_text(["Chat"])
    expect(page.get_by_role("button", name="Add files")).to_have_count(0)
    reader.hear("When was the Harbour Bridge opened?")
    reader.turn.locator(".prose").get_by_role("button", name="Source 1").click()
    expect(reader.passage).to_contain_text("1932")
    expect(reader.passage.get_by_role("button", name="Show on its page")).to_have_count(0)
    for address in ("#/documents", "#/admin/keys"):
        page.goto(f"{house.server.url}/{address}")
        expect(page.get_by_text("Your key does not allow this.")).to_be_visible()
