"""A library of made-up documents with questions and answers about them, for pictures of the page."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from files.makers import make_docx, make_pdf, make_scan_pdf
from groq_turns import Answer

_PASSAGE = re.compile(r'<passage number="(\d+)"[^>]*>\n?(.*?)\n?</passage>', re.DOTALL)
_CITED = re.compile(r"\[\[([^\]]+)\]\]")

BRIDGE = [
    "Harbour Bridge: inspection report\n\nSummary. The bridge was inspected between 3 and 21 March. It carries eight "
    "lanes of road, two of rail and a footpath. Its steel is in good condition above the deck and in fair condition "
    "below it. No limit of load is needed.",
    "Hangers and bearings\n\nOf the 128 hangers, 121 show no loss of section; seven have lost 4 to 6 per cent and are "
    "measured every six months.\n\nThe northern bearings were replaced in 2011 and move freely. The southern bearings "
    "date from 1987. Their rollers are worn on one side, and they are to be replaced before the winter of 2027.",
    "Costs and dates\n\nPainting below the deck costs 2.4 million and takes two summers. The southern bearings cost "
    "1.1 million; the bridge is closed to trains for three nights while they are exchanged.",
]
HANDBOOK = [
    "Staff handbook of the harbour museum",
    "Leave. Everybody has 28 days of leave a year. Up to five days may be taken over into the next year, until the "
    "end of March. Leave of more than two weeks is agreed with the team three months before it begins.",
    "Illness. Whoever is ill tells the front desk before nine. A note from a doctor is needed from the fourth day on.",
    "Working from home. Two days a week are possible where the work allows it, except for the front desk and the "
    "workshops. Fridays are spent at the museum, because groups arrive.",
    "Notice. During the first six months the notice period is two weeks, then three months to the end of a month.",
]
TIMETABLE = """line,from,to,first,last,every
1,North Pier,Island,06:00,22:40,20 minutes
2,North Pier,Lighthouse,07:15,19:15,60 minutes
3,Customs House,Shipyard,05:40,23:10,15 minutes
"""
FERRY = (
    "راهنمای کشتی مسافربری\n\n"
    "کشتی جزیره هر روز ساعت شش صبح از اسکلهٔ شمالی حرکت می‌کند و چهل دقیقه در راه است. "
    "آخرین کشتی ساعت ده و چهل دقیقهٔ شب برمی‌گردد.\n\n"
    "بلیت رفت‌وبرگشت هشت سکه است و برای کودکان زیر شش سال رایگان است. "
    "در هوای طوفانی کشتی نمی‌رود و پول بلیت پس داده می‌شود."
)
MINUTES = (
    "Minutes of the harbour board. The board meets every second Tuesday in the customs house. It agreed to paint the "
    "bridge below the deck in two summers, and to ask for offers for the southern bearings."
)
FIRE = "Fire safety plan of the museum. The assembly point is the square in front of the customs house."


def files() -> list[tuple[str, bytes]]:
    """Names and contents; of the scan nothing can be read."""
    return [
        ("harbour-bridge-inspection.pdf", make_pdf(BRIDGE)),
        ("staff-handbook.docx", make_docx(HANDBOOK)),
        ("ferry-timetable.csv", TIMETABLE.encode()),
        ("راهنمای کشتی.txt", FERRY.encode()),
        ("minutes-of-the-harbour-board.txt", MINUTES.encode()),
        ("fire-safety-plan.pdf", make_pdf([FIRE])),
    ]


def late_files() -> list[tuple[str, bytes]]:
    """Those that are uploaded while somebody looks."""
    return [
        ("lighthouse-keepers-diary.pdf", make_pdf(["The lamp was lit at dusk, as every day."] * 12)),
        ("drawings-1931.pdf", make_scan_pdf()),
        ("opening-speech.txt", b"Today the bridge belongs to everybody who lives on either side of it."),
    ]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what the model is to say; `[[words]]` in it become the number of the passage with those words."""

    question: str
    answer: str

    @property
    def turn(self) -> Answer:
        return Answer(made_by=self._said)

    def _said(self, messages: list[dict[str, Any]]) -> str:
        passages = _PASSAGE.findall(messages[-1]["content"])

        def number(found: re.Match[str]) -> str:
            return next((f"[{n}]" for n, text in passages if found[1] in " ".join(text.split())), "")

        return _CITED.sub(number, self.answer)


BEARINGS = Question(
    "What has to be done about the bearings, and what does it cost?",
    "The **southern bearings** are the ones to act on. They date from 1987, their rollers are worn on one side, and "
    "they are to be replaced before the winter of 2027 [[date from 1987]].\n\n"
    "- **Cost:** 1.1 million [[1.1 million]]\n"
    "- **Effect:** the bridge is closed to trains for three nights [[three nights]]\n\n"
    "The northern bearings were replaced in 2011 and move freely [[replaced in 2011]].",
)
HANGERS = Question(
    "Are the hangers safe?",
    "Yes. Of the 128 hangers, 121 show no loss of section; seven have lost 4 to 6 per cent and are measured every six "
    "months [[128 hangers]].",
)
LEAVE = Question(
    "What are the rules for leave, illness and working from home?",
    "| | Rule |\n|---|---|\n"
    "| Leave | 28 days a year; up to five days can be taken over until the end of March [[28 days]] |\n"
    "| Illness | Tell the front desk before nine; a doctor’s note from the fourth day on [[fourth day]] |\n"
    "| Working from home | Two days a week where the work allows it, not on Fridays [[Two days a week]] |\n\n"
    "Leave of more than two weeks is agreed with the team three months before it begins [[three months before]].",
)
FARSI = Question(
    "کشتی جزیره چه ساعتی حرکت می‌کند و بلیت آن چند است؟",
    "کشتی هر روز **ساعت شش صبح** از اسکلهٔ شمالی حرکت می‌کند و چهل دقیقه در راه است [[اسکلهٔ شمالی]].\n\n"
    "- بلیت رفت‌وبرگشت هشت سکه است [[هشت سکه]].\n"
    "- برای کودکان زیر شش سال رایگان است [[هشت سکه]].",
)
OTHERS = [
    Question("When does the last ferry to the island leave?", "At 22:40, from the North Pier [[22:40]]."),
    Question("Where is the assembly point?", "In front of the customs house [[assembly point]]."),
    Question("How long is the notice period?", "Two weeks during the first six months, then three months [[Notice]]."),
    Question("When does the harbour board meet?", "Every second Tuesday [[second Tuesday]]."),
]
