"""A reranker in a real server: it changes the order, costs what it costs, and is never the reason for a failure."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import refused
from groq_stand_in import MODELS, GroqStandIn
from groq_turns import Answer, hang, rate_limited
from running_server import RunningServer
from tiny_cross_encoder import save_cross_encoder
from waiting import wait_for
from websockets.sync.client import connect

LARGE, SMALL, _ = MODELS
QUESTION = "What colour is the ferry painted?"
FILES = {
    "ferry.txt": "The ferry is painted. It is painted in a colour that the ferry's painters chose for the ferry.",
    "harbour.txt": "What is in the harbour is painted blue, the ferry as well as the crane.",
    "crane.txt": "The crane is painted yellow.",
}


def new_client(server: RunningServer) -> str:
    return server.new_client(*((name, text.encode()) for name, text in FILES.items()))


def shown(answer: dict[str, Any]) -> list[str]:
    return [source["filename"] for source in answer["sources"]]


def metric(server: RunningServer, name: str) -> float:
    lines = [line for line in server.http.get("/metrics").text.splitlines() if line.startswith(name)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def usage(server: RunningServer, client_id: str) -> dict[str, int]:
    rows = server.http.get("/api/v1/usage").json()["clients"]
    return next((row["last_24_hours"] for row in rows if row["client_id"] == client_id), {"answers": 0, "llm_calls": 0})


@pytest.fixture(scope="module")
def reranking(tmp_path_factory: pytest.TempPathFactory, groq: GroqStandIn) -> Iterator[RunningServer]:
    """A server in which the language model reranks."""
    settings = {"GROQ_API_KEY": "gsk_test", "GROQ_API_BASE": groq.url, "RERANKER_MODEL": "groq", "TOP_K": "2"}
    with RunningServer(tmp_path_factory.mktemp("reranking"), ANSWER_CACHE_SIZE="0", **settings) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(groq: GroqStandIn) -> None:
    groq.reset()


def test_a_cross_encoder_changes_the_order_and_its_scores_are_shown(tmp_path: Path) -> None:
    folder = save_cross_encoder(tmp_path / "tiny", {"colour": -9.0, "ferry": 1.0, "what": 2.0}, graph="onnx/model.onnx")
    with RunningServer(tmp_path) as plain:
        client_id = new_client(plain)
        before = plain.ask(client_id, QUESTION)
        plain.stop()
    assert shown(before)[0] == "ferry.txt"
    with RunningServer(tmp_path, RERANKER_MODEL=str(folder)) as server:
        after = server.ask(client_id, QUESTION)
        assert shown(after) == ["harbour.txt", "crane.txt", "ferry.txt"]
        assert [source["score"] for source in after["sources"]] == [0.9526, 0.5, 0.0067]
        follow_up = server.ask(client_id, "And the crane?", session_id=after["session_id"])
        assert shown(follow_up)[0] == "harbour.txt"
        server.stop()


def test_the_language_model_changes_the_order_in_a_second_call_that_is_counted(
    reranking: RunningServer, groq: GroqStandIn
) -> None:
    client_id = new_client(reranking)
    tokens = metric(reranking, f'rag_llm_calls_total{{model="{SMALL}"}}')
    groq.script("*", Answer("1"))
    first = shown(reranking.ask(client_id, QUESTION, use_memory=False))
    groq.script("*", Answer("3"))
    answer = reranking.ask(client_id, QUESTION, use_memory=False)
    assert shown(answer)[0] not in first
    assert groq.asked[-2:] == [SMALL, LARGE]
    assert answer["usage"]["llm_calls"] == 2
    assert answer["usage"]["prompt_tokens"] > len(groq.prompts[-1]) // 4 + 50
    spent = usage(reranking, client_id)
    assert (spent["answers"], spent["llm_calls"]) == (2, 4)
    assert metric(reranking, f'rag_llm_calls_total{{model="{SMALL}"}}') == tokens + 2


@pytest.mark.parametrize("use_memory", [True, False])
def test_what_it_cost_is_counted_when_nobody_waits_for_the_answer(
    use_memory: bool, reranking: RunningServer, groq: GroqStandIn
) -> None:
    client_id = new_client(reranking)
    groq.script("*", Answer("1"))
    groq.script("*", hang())
    with connect(f"{reranking.url.replace('http', 'ws')}/api/v1/chat/ws/{client_id}") as socket:
        socket.send(json.dumps({"message": QUESTION, "use_memory": use_memory}))
        wait_for(lambda: len(groq.chats) == 2)
    wait_for(lambda: usage(reranking, client_id)["llm_calls"] == 1)
    assert usage(reranking, client_id)["answers"] == 0


@pytest.mark.parametrize(
    "turn", [rate_limited(), Answer("I like passage 3 best."), Answer("")], ids=["refused", "prose", "nothing"]
)
def test_when_it_does_not_work_the_order_stays(turn: Any, reranking: RunningServer, groq: GroqStandIn) -> None:
    client_id = new_client(reranking)
    groq.script("*", Answer("1 2"))
    expected = shown(reranking.ask(client_id, QUESTION, use_memory=False))
    groq.script("*", turn, times=3)
    answer = reranking.ask(client_id, QUESTION, use_memory=False)
    assert shown(answer) == expected


def test_a_wrong_folder_stops_the_start_with_one_line(tmp_path: Path) -> None:
    assert "RERANKER_MODEL: nowhere is no folder" in refused(tmp_path, RERANKER_MODEL="nowhere")
    broken = save_cross_encoder(tmp_path / "tiny", {"ferry": 1.0})
    (broken / "model.onnx").write_bytes(b"no graph")
    assert "RERANKER_MODEL: the model tiny is broken" in refused(tmp_path, RERANKER_MODEL="tiny")
