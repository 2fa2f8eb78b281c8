"""Accessibility: what of a page is out of somebody's reach."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Frame, Page

_AXE = """axe.run({ resultTypes: ["violations"] }).then(({ passes, violations }) => ({
    rules: passes.length,
    found: violations.flatMap(({ id, nodes }) =>
        nodes.map((each) => `${id}: ${each.html.slice(0, 200)} ${each.failureSummary}`)),
}))"""
# Of what is scrolled up and down: how much of it is hidden sideways.
_HIDDEN_SIDEWAYS = """() => [...document.querySelectorAll("html, main, .chat-scroll, aside, dialog")]
    .map((each) => [each.tagName, each.scrollWidth - each.clientWidth])
    .filter(([, hidden]) => hidden > 0)
    .map(([name, hidden]) => `${hidden} px of ${name} are hidden sideways`)"""


def faults(window: Page | Frame) -> list[str]:
    """What axe-core finds, by all of its rules, and what does not fit; a sentence each."""
    if not window.evaluate("'axe' in globalThis"):
        window.evaluate(AXE_SCRIPT)
    looked = window.evaluate(_AXE)
    assert looked["rules"], "axe-core has looked at nothing"
    found: list[str] = looked["found"] + window.evaluate(_HIDDEN_SIDEWAYS)
    return found
