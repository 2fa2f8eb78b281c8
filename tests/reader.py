"""What a reader does with the page, and sees of it."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

OpenWindow = Callable[..., Page]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody at the page, in English; `page` is a window, or a frame in one."""

    page: Page

    @property
    def question(self) -> Locator:
        """Where one writes."""
        return self.page.get_by_role("textbox", name="Your question")

    @property
    def turn(self) -> Locator:
        """The last question with its answer."""
        return self.page.locator("[data-turn]").last

    @property
    def sidebar(self) -> Locator:
        return self.page.get_by_role("complementary", name="Sidebar")

    @property
    def passage(self) -> Locator:
        """The source that is looked at, beside the conversation."""
        return self.page.get_by_role("complementary", name="Passage in the document")

    def ask(self, question: str) -> None:
        """Ask, and do not wait."""
        self.question.fill(question)
        self.question.press("Enter")

    def hear(self, question: str) -> Locator:
        """Ask, and wait for the whole answer; its turn."""
        before = self.page.locator("[data-turn]").count()
        self.ask(question)
        expect(self.page.locator("[data-turn]")).to_have_count(before + 1)
        self.expect_state("done")
        return self.turn

    def expect_state(self, state: str) -> None:
        """Wait until the last answer is in that state."""
        expect(self.turn).to_have_attribute("data-state", state)

    def go_to(self, view: str) -> None:
        """By the sidebar."""
        self.sidebar.get_by_role("link", name=view, exact=True).click()

    def open_menu(self, title: str) -> None:
        """Of a conversation in the sidebar."""
        self.sidebar.get_by_role("button", name=f"More for: {title}").click()
