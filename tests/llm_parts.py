"""A prompt, and time that passes only when a test says so, for tests of what talks to models."""

import asyncio

from langchain_core.messages import HumanMessage, SystemMessage

from conversational_rag.llm.base import FixedPrompt

MESSAGES = [SystemMessage("Answer from the passages."), HumanMessage("Pumps last long.\n\nQuestion: How long?")]
PROMPT = FixedPrompt(MESSAGES)


class Time:
    """A clock, and a sleep that moves it on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)  # whoever is due now acts before time passes
        self.slept.append(seconds)
        self.now += seconds
