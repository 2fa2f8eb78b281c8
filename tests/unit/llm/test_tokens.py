"""The figures are counts of the o200k vocabulary; the texts are written for these tests."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from conversational_rag.llm.tokens import KeptEstimates, estimate_messages, estimate_tokens

ENGLISH = """The city council decided on Tuesday that the old bridge over the river will be renovated by the end of next
year. According to officials, the pillars of the bridge are still in good condition, but its surface has to be replaced
completely. The cost of this work is estimated at about four million euros, half of which the government pays."""
GERMAN = """Der Stadtrat hat am Dienstag beschlossen, die alte Brücke über den Fluss bis zum Ende des nächsten Jahres zu
sanieren. Nach Angaben der Verwaltung sind die Pfeiler noch in gutem Zustand, doch der Belag muss vollständig erneuert
werden. Anwohner hatten in den vergangenen Monaten immer wieder über Lärm und Erschütterungen geklagt. Die
Wissenschaftler fanden heraus, dass die Temperatur des Wassers in den letzten zwanzig Jahren gestiegen ist."""
FRENCH = """Le conseil municipal a décidé mardi de rénover le vieux pont sur la rivière avant la fin de l'année
prochaine. Selon l'administration, les piliers sont encore en bon état, mais le revêtement doit être entièrement
remplacé. Pendant les travaux, une voie restera ouverte à la circulation, mais les piétons feront un détour."""
FARSI = """شورای شهر روز سه‌شنبه تصمیم گرفت که پل قدیمی روی رودخانه تا پایان سال آینده بازسازی شود. به گفته مسئولان،
پایه‌های پل هنوز در وضعیت خوبی هستند، اما روکش آن باید به طور کامل عوض شود. هزینه این کار حدود چهار میلیون یورو
برآورد شده است که نیمی از آن را دولت پرداخت می‌کند."""
ARABIC = """قرر مجلس المدينة يوم الثلاثاء ترميم الجسر القديم فوق النهر قبل نهاية العام المقبل. وبحسب الإدارة فإن أعمدة
الجسر لا تزال في حالة جيدة، لكن سطحه يحتاج إلى تجديد كامل. وقال رئيس البلدية إنه يأخذ هذه المخاوف على محمل الجد."""
CHINESE = """市议会周二决定在明年年底之前翻修河上的旧桥。据市政府介绍，桥墩的状况仍然良好，但桥面必须全部更换。施工期间
将保留一条车道通行，但行人和骑自行车的人必须绕行车站街。科学家发现，过去二十年来水温上升了近两度。"""


PYTHON = '''class RetryQueue:
    """Tasks that failed, each with the time of its next attempt."""

    MAX_ATTEMPTS = 5

    def __init__(self, clock=time.monotonic, backoff_seconds=0.5):
        self._clock, self._backoff = clock, backoff_seconds
        self._heap: list[tuple[float, int, Task]] = []
        self._counter = itertools.count()

    def push(self, task: Task, error: Exception | None = None) -> bool:
        if task.attempts >= self.MAX_ATTEMPTS:
            logger.error("giving up on %s after %d attempts: %r", task.name, task.attempts, error)
            return False
        delay = self._backoff * 2 ** task.attempts + random.uniform(0, 0.1)
        heapq.heappush(self._heap, (self._clock() + delay, next(self._counter), task))
        return True
'''
JAVASCRIPT = """import { useEffect, useState } from "react";

export function Invoice({ id, onClose }) {
  const [lines, setLines] = useState([]);

  useEffect(() => {
    let cancelled = false;
    fetch(`/api/invoices/${id}/lines?limit=50`)
      .then((response) => (response.ok ? response.json() : Promise.reject(response.status)))
      .then((body) => !cancelled && setLines(body.lines));
    return () => { cancelled = true; };
  }, [id]);

  const total = lines.reduce((sum, line) => sum + line.quantity * line.unit_price, 0);
  return <b className="total" onClick={onClose}>{total.toFixed(2)}</b>;
}
"""
SQL = """SELECT c.client_id, COUNT(*) AS answers, SUM(u.prompt_tokens + u.completion_tokens) AS tokens
FROM usage AS u JOIN clients AS c ON c.client_id = u.client_id
WHERE u.timestamp >= :since AND c.deleting = 0
GROUP BY c.client_id HAVING COUNT(*) > 10
ORDER BY tokens DESC, c.client_id LIMIT 50 OFFSET 100;
"""


@pytest.mark.parametrize(
    ("text", "tokens"),
    [(ENGLISH, 70), (GERMAN, 97), (FARSI, 77), (PYTHON, 209), (JAVASCRIPT, 160), (SQL, 82)],
)
def test_english_german_farsi_and_code_are_estimated_within_a_tenth(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == pytest.approx(tokens, rel=0.1)


@pytest.mark.parametrize(
    ("text", "characters_per_token"),
    [
        (FRENCH, 4.33),  # FLORES-200, all 997 sentences of each language
        (ARABIC, 3.13),
        (CHINESE, 1.31),
    ],
)
def test_other_languages_are_estimated_within_a_tenth_of_their_published_density(
    text: str, characters_per_token: float
) -> None:
    assert estimate_tokens(text) == pytest.approx(len(text) / characters_per_token, rel=0.1)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("hello", 1),
        ("Hello, World!", 4),
        ("1234567890", 4),
        ("I'm sure it's fine.", 5),
        ("    return x\n", 4),
        ("-" * 32, 3),
    ],
)
def test_what_a_tokenizer_surely_does_is_counted_exactly(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


@given(st.text(), st.text())
def test_more_text_never_costs_less_than_a_part_of_it_by_far(first: str, second: str) -> None:
    whole = estimate_tokens(first + second)
    assert 0 <= whole <= 3 * (len(first) + len(second)) + 2
    assert whole >= 0.25 * estimate_tokens(first) - 2


def test_four_kilobytes_take_less_than_a_few_milliseconds() -> None:
    text = (ENGLISH + GERMAN + FARSI) * 10
    began = time.process_time()
    for start in range(20):
        estimate_tokens(text[start : start + 4000])
    assert (time.process_time() - began) / 20 < 0.005


def test_a_text_that_comes_again_is_not_counted_again_and_only_so_many_are_kept() -> None:
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return len(text)

    kept = KeptEstimates(count, most=3)
    texts = ["a", "bb", "a", "\ud83d", "bb", "dddd", "a"]
    assert [kept.of(text) for text in texts] == [len(text) for text in texts]
    assert counted == ["a", "bb", "\ud83d", "dddd", "a"]
    assert len(kept) == 2


def test_a_conversation_costs_its_texts_and_a_little_for_each_message() -> None:
    messages = [SystemMessage("Be brief."), HumanMessage("How long?"), AIMessage("Two years.")]
    texts = sum(estimate_tokens(str(message.content)) for message in messages)
    assert estimate_messages(messages) == 70 + 3 * 4 + texts
    parts = [HumanMessage([{"type": "text", "text": "How long?"}])]
    assert estimate_messages(parts) == 74 + estimate_tokens("How long?")
