"""Ten kinds of follow-up over many small files: the passage that is meant is in the prompt."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from application_in_process import application
from groq_stand_in import GroqStandIn
from running_server import RunningServer
from waiting import until

from conversational_rag.embedding.base import Vectors
from conversational_rag.rag.query import leaned_on

_TEXTS = """\
harbour-bridge.txt
The Harbour Bridge was opened in 1932. It is painted in a colour called bridge grey. Its arch is 134 metres
high, and it is 1149 metres long.

mill-bridge.txt
The Mill Bridge is a footbridge of wood. It was built in 1871, is painted red, and is 40 metres long.

town-hall.txt
The town hall was opened in 1904. Its tower is 61 metres high and its doors are painted green.

boathouse.txt
The boathouse of the rowing club is painted white. It holds twelve boats and was opened in 1956.

garden-shed.txt
The garden shed is painted dark green. Tulips are planted beside it in October.

lease.txt
The lease of the office has a notice period of three months. The deposit of the lease is 4,500 euros, to be
paid before the keys are handed over. Pets need the landlord's consent.

bicycle-hire.txt
A bicycle is hired by the day for 12 euros. The deposit for a bicycle is 50 euros, given back in cash.

library.txt
Readers of the library pay a deposit of 20 euros for laptops. Books are lent for four weeks.

employment.txt
The employment contract can be ended with a notice period of six weeks. The holiday is 28 days a year.

pump-p100.txt
The P100 pump has a warranty of 24 months. Its motor has a power of 550 watts. A filter for the P100 costs 19
euros, a seal 7 euros.

pump-p200.txt
The P200 pump has a warranty of 36 months. Its motor has a power of 1100 watts. A filter for the P200 costs 25
euros, a seal 11 euros.

fan-f10.txt
The F10 fan has a warranty of 12 months and a motor of 60 watts. Its filter costs 9 euros.

heater-h5.txt
The H5 heater has a warranty of 18 months. It has a power of 2000 watts.

boiler-1.txt
Starting the boiler, step one: open the gas valve by a quarter turn and wait for ten seconds.

boiler-2.txt
Starting the boiler, step two: press the red ignition button until the flame is seen in the window.

boiler-3.txt
Starting the boiler, step three: set the thermostat to 60 degrees and close the cover.

dishwasher.txt
Starting the dishwasher: fill in salt, close the door, and choose a programme.

canteen.txt
The bread of the canteen is baked by Marta Novak. Lunch is served from eleven to two.

reception.txt
The reception is staffed by Jonas Weber. Parcels are handed out until five.

recipe-soup.txt
For the soup, cook two leeks and three potatoes in broth for twenty minutes.

recipe-cake.txt
For the cake, beat four eggs with sugar and bake it at 180 degrees for forty minutes.

parking.txt
Visitors park in the yard behind the bakery. Parking costs two euros an hour.

choir.txt
The choir rehearses on Tuesdays in the gymnasium and sings in the cathedral at Christmas.

gym.txt
The gym asks for a deposit of 30 euros for its key. It is open from six.

tools.txt
Whoever borrows a drill leaves a deposit of 40 euros.

hall-hire.txt
The deposit for hiring the festival hall is 300 euros.

ferry.txt
The ferry is 48 metres long and painted yellow.

lighthouse.txt
The lighthouse is painted in red and white stripes.

gate.txt
The park's gate is painted black. It is what visitors see first.

van.txt
And what colour is the van painted in? It is painted in orange.

tunnel.txt
The tunnel under the hill is 720 metres long.

pier.txt
The pier is 210 metres long and is closed in winter.

runway.txt
The runway is 1800 metres long.

rivers.txt
The river Moldau flows through Prague. The river Elbe flows through Dresden.
"""
FILES = {name: " ".join(lines) for name, *lines in (section.splitlines() for section in _TEXTS.split("\n\n"))}
BRIDGE, LEASE, P100, P200 = (
    FILES[name] for name in ("harbour-bridge.txt", "lease.txt", "pump-p100.txt", "pump-p200.txt")
)
WHEN = "When was the Harbour Bridge opened?"
NOTICE = "What is the notice period of the office lease?"

CONVERSATIONS = {
    "pronoun": ([WHEN, "And what is it painted in?"], BRIDGE),
    "ellipsis": ([NOTICE, "And the deposit?"], LEASE),
    "the other one": (
        ["We own a P100 and a P200 pump. What is the warranty of the P100?", "And of the other one?"],
        P200,
    ),
    "correction": (["What does a filter for the P100 cost?", "No, sorry, I meant the seal."], P100),
    "comparison": (["What power has the motor of the P100 pump?", "Is the one of the P200 stronger?"], P200),
    "list continuation": (
        ["What is step one of starting the boiler?", "And step two?", "What comes next?"],
        FILES["boiler-3.txt"],
    ),
    "return to an earlier topic": (
        [WHEN, NOTICE, "And the deposit?", "Back to the bridge: how high is its arch?"],
        BRIDGE,
    ),
    "topic switch": ([WHEN, NOTICE, "Who bakes the bread in the canteen?"], FILES["canteen.txt"]),
    "thanks": ([WHEN, "Thank you!", "And how long is it?"], BRIDGE),
    "language switch": ([WHEN, "Und welche Farbe hat sie?"], BRIDGE),
}  # fmt: skip


@pytest.fixture(scope="module")
def client_id(server: RunningServer) -> str:
    return server.new_client(*((name, text.encode()) for name, text in FILES.items()))


@pytest.mark.parametrize("kind", CONVERSATIONS)
def test_the_passage_that_is_meant_is_in_the_prompt(
    kind: str, client_id: str, server: RunningServer, groq: GroqStandIn
) -> None:
    questions, passage = CONVERSATIONS[kind]
    session_id = f"{kind.replace(' ', '-')}-{client_id}"
    before = len(groq.chats)
    for question in questions:
        answer = server.ask(client_id, question, session_id=session_id)
    shown = groq.chats[-1]["messages"][-1]["content"]
    assert f">\n{passage}\n</passage>" in shown
    assert 1 <= shown.count("<passage ") <= 4
    assert len(groq.chats) - before <= len(questions), "one call a turn"
    assert passage in [source["content"] for source in answer["sources"]]


def test_a_topic_switch_leaves_the_topic(client_id: str, server: RunningServer) -> None:
    for question in CONVERSATIONS["topic switch"][0]:
        answer = server.ask(client_id, question, session_id=f"switch-{client_id}")
    assert answer["sources"][0]["filename"] == "canteen.txt"


def test_where_one_passage_stands_out_the_others_are_not_sent(client_id: str, server: RunningServer) -> None:
    (only,) = server.ask(client_id, "Who bakes the bread in the canteen?")["sources"]
    assert only["filename"] == "canteen.txt"


async def test_an_answer_is_embedded_while_nobody_asks_and_the_follow_up_embeds_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded: list[tuple[str, bool]] = []
    async with application(tmp_path) as (http, resources):
        pool = resources.pool
        embed = pool.embed_queries

        async def noted(texts: Sequence[str], *, urgent: bool = True) -> Vectors:
            vectors = await embed(texts, urgent=urgent)
            embedded.extend((text, urgent) for text in texts)
            return vectors

        monkeypatch.setattr(pool, "embed_queries", noted)
        files = [("files", (name, text.encode())) for name, text in FILES.items()]
        assert (await http.post("/api/v1/ingest", data={"client_id": "team"}, files=files)).status_code == 200
        first = (await http.post("/api/v1/chat", json={"client_id": "team", "message": WHEN})).json()
        answer = leaned_on(first["response"])
        await until(lambda: (answer, False) in embedded)
        embedded.clear()
        follow_up = {"client_id": "team", "session_id": first["session_id"], "message": "And what is it painted in?"}
        second = (await http.post("/api/v1/chat", json=follow_up)).json()
        assert answer not in {text for text, _ in embedded}
        assert BRIDGE in [source["content"] for source in second["sources"]]
