"""The main job as a stranger does it: upload, ask, come back tomorrow, delete; with a key and without one."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx2
import pytest
from files.makers import make_pdf
from groq_stand_in import GroqStandIn
from running_server import ROOT, RunningServer
from waiting import wait_for

REPORT = [
    "Harbour Bridge, yearly report. This report is about the bridge and its upkeep.",
    "The Harbour Bridge was opened in 1932. Its main span is 503 metres long.",
    "The Harbour Bridge is painted in bridge grey. A coat of paint lasts five years.",
    "The yearly upkeep of the Harbour Bridge costs four million crowns.",
]


@pytest.mark.parametrize("with_key", [True, False], ids=["with a key", "without a key"])
def test_upload_ask_restart_ask_again_delete(tmp_path: Path, groq: GroqStandIn, with_key: bool) -> None:
    key = {"GROQ_API_KEY": "gsk_test", "GROQ_API_BASE": groq.url} if with_key else {}
    with RunningServer(tmp_path, **key) as server:
        client_id = server.new_client(("report.pdf", make_pdf(REPORT)))
        first = server.ask(client_id, "When was the Harbour Bridge opened?")
        session_id = first["session_id"]
        second = server.ask(client_id, "How long is its main span?", session_id=session_id)
        third = server.ask(client_id, "What is the bridge painted in?", session_id=session_id)
        pages = [answer["sources"][0]["page"] for answer in (first, second, third)]
        assert pages == [2, 2, 3]
        assert [answer["degraded"] for answer in (first, second, third)] == [not with_key] * 3

        server.stop()
        server.start()
        fourth = server.ask(client_id, "And how long does a coat of it last?", session_id=session_id)
        assert fourth["new_session"] is False
        assert fourth["sources"][0]["page"] == 3
        assert "five years" in fourth["response"]
        assert server.http.get(f"/api/v1/sessions/{session_id}/info").json()["message_count"] == 8

        assert server.http.delete(f"/api/v1/chat/collections/{client_id}").status_code == 200
        assert server.http.get("/api/v1/chat/collections").json() == {"collections": [], "total": 0}
        assert server.http.get("/api/v1/sessions/list").json() == []


def test_a_server_killed_in_the_middle_of_uploads_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        acknowledged: dict[str, str] = {}
        for round_number in range(3):
            uploads = threading.Thread(target=upload_until_it_breaks, args=(server, round_number, acknowledged))
            uploads.start()
            wait_for(lambda wanted=3 * (round_number + 1): len(acknowledged) >= wanted)
            server.kill()
            uploads.join(30)
            server.start()
            for client_id, word in acknowledged.items():
                assert word in server.ask(client_id, f"What is the word {word}?")["sources"][0]["content"]
        wait_for(lambda: server.http.get("/readyz").json()["dependencies"]["vector_store"]["status"] == "ok")
        for client_id, word in acknowledged.items():
            assert word in server.ask(client_id, f"What is the word {word}?")["sources"][0]["content"]


def test_a_killed_chroma_process_costs_no_answer(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        acknowledged: dict[str, str] = {}
        uploads = threading.Thread(target=upload_until_it_breaks, args=(server, 0, acknowledged, 12))
        uploads.start()
        for wanted in (2, 5, 8):
            wait_for(lambda wanted=wanted: len(acknowledged) >= wanted)
            os.kill(server.chroma_pid(), signal.SIGKILL)
            client_id, word = next(iter(acknowledged.items()))
            assert word in server.ask(client_id, f"What is the word {word}?")["sources"][0]["content"]
        uploads.join(60)
        assert len(acknowledged) == 12
        wait_for(lambda: server.http.get("/readyz").json()["dependencies"]["vector_store"]["status"] == "ok")
        for client_id, word in acknowledged.items():
            assert word in server.ask(client_id, f"What is the word {word}?")["sources"][0]["content"]


def test_100_clients_at_a_small_limit_of_open_files_are_all_answered_again_and_again(tmp_path: Path) -> None:
    with RunningServer(tmp_path, open_files=1024) as server:
        words = {f"client-{number}": f"zeta{number:03}" for number in range(100)}
        for client_id, word in words.items():
            server.new_client((f"{word}.txt", f"The word of this client is {word}.".encode()), client_id=client_id)
        for round_number in range(3):
            if round_number == 2:
                server.stop()
                server.start()
            for client_id, word in words.items():
                contents = [source["content"] for source in server.ask(client_id, "What is the word?")["sources"]]
                assert contents == [f"The word of this client is {word}."], f"round {round_number}, {client_id}"
        assert server.http.get("/readyz").json()["dependencies"]["vector_store"]["status"] == "ok"
        assert "index_stale" not in server.log.read_text(), "Chroma answered, not the exact scan"


def test_a_second_server_on_the_same_data_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path / "data"), "PORT": "0"}
        second = subprocess.run(
            [sys.executable, "-m", "conversational_rag"],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert second.returncode != 0
        assert "DATA_DIR" in second.stderr
        assert str(server.pid) in second.stderr
        assert "Traceback" not in second.stderr
        assert server.http.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        (["-m", "conversational_rag"], "PORT", "eighty"),
        (["-m", "conversational_rag"], "MEMORY_TYPE", "elephant"),
        (["-m", "conversational_rag"], "TEMPERATURE", "9"),
        (["-m", "uvicorn", "conversational_rag.main:app"], "SESSION_STORE_TYPE", "redis"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    tmp_path: Path, name: str, value: str, command: list[str]
) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), name: value}
    result = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60
    )
    assert result.returncode != 0
    (line,) = result.stderr.strip().splitlines()
    assert name in line
    assert value in line


def test_a_retired_model_in_an_old_env_file_is_replaced_with_a_warning(tmp_path: Path, groq: GroqStandIn) -> None:
    (tmp_path / ".env").write_text(
        f"MODEL_NAME=llama-3.3-70b-versatile\nGROQ_API_KEY=gsk_test\nGROQ_API_BASE={groq.url}\n"
    )
    with RunningServer(tmp_path) as server:
        client_id = server.new_client(("report.pdf", make_pdf(REPORT)))
        answer = server.ask(client_id, "When was the Harbour Bridge opened?")
        assert answer["degraded"] is False
        assert answer["model"] == "openai/gpt-oss-120b"
        assert "llama-3.3-70b-versatile" in server.log.read_text()


def test_sessions_expire_and_are_removed(tmp_path: Path) -> None:
    with RunningServer(tmp_path, SESSION_TTL="1", CLEANUP_INTERVAL="1") as server:
        client_id = server.new_client(("a.txt", b"Alpha is the first letter."))
        session_id = server.ask(client_id, "What is alpha?")["session_id"]
        wait_for(lambda: server.http.get(f"/api/v1/sessions/{session_id}/info").status_code == 404)
        assert server.http.get("/api/v1/sessions/stats").json()["total_sessions"] == 0
        assert server.ask(client_id, "What is alpha?", session_id=session_id)["new_session"] is True


def test_health_answers_while_a_long_file_is_read(tmp_path: Path) -> None:
    pages = [f"Page {number}. " + f"Clause {number} regulates item {number * 7}. " * 20 for number in range(1, 301)]
    with RunningServer(tmp_path) as server:
        done = threading.Event()
        thread = threading.Thread(target=lambda: (server.new_client(("long.pdf", make_pdf(pages))), done.set()))
        thread.start()
        answered = 0
        while not done.is_set():
            assert server.http.get("/health").status_code == 200
            answered += 1
        thread.join()
        assert answered > 20


def test_a_lost_vector_index_is_rebuilt_from_the_database(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        client_id = server.new_client(("report.pdf", make_pdf(REPORT)))
        server.stop()
        shutil.rmtree(tmp_path / "chroma_db")
        server.start()
        for _ in range(2):
            assert server.ask(client_id, "When was the Harbour Bridge opened?")["sources"][0]["page"] == 2
            wait_for(lambda: server.http.get("/readyz").json()["dependencies"]["vector_store"]["status"] == "ok")
        assert list((tmp_path / "chroma_db").glob("*/*.bin"))


def test_a_vector_index_that_is_rubbish_is_made_anew(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        client_id = server.new_client(("report.pdf", make_pdf(REPORT)))
        server.stop()
        (tmp_path / "chroma_db" / "chroma.sqlite3").write_bytes(b"this is no database" * 1000)
        server.start()
        assert server.ask(client_id, "When was the Harbour Bridge opened?")["sources"][0]["page"] == 2
        wait_for(lambda: server.http.get("/readyz").json()["dependencies"]["vector_store"]["status"] == "ok")
        assert server.ask(client_id, "When was the Harbour Bridge opened?")["sources"][0]["page"] == 2


def upload_until_it_breaks(
    server: RunningServer, round_number: int, acknowledged: dict[str, str], most: int = 1000
) -> None:
    for number in range(most):
        word = f"zeta{round_number}x{number}"
        text = f"The word {word} stands here.\n\n" + "\n\n".join(f"Filler {word} {i}. " * 40 for i in range(8))
        try:
            client_id = f"client-{round_number}-{number}"
            server.new_client((f"{word}.txt", text.encode()), client_id=client_id)
        except httpx2.TransportError:
            return
        acknowledged[client_id] = word
