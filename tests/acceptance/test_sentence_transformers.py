"""A server whose EMBEDDING_MODEL is one that only sentence-transformers loads."""

import re
from pathlib import Path

import pytest
from command_line import refused, succeed
from running_server import RunningServer
from tiny_sentence_transformer import needs_sentence_transformers, save_sentence_transformer

FILES = {
    "bridge.txt": "The Harbour Bridge was opened in 1932 and is painted in a colour called bridge grey.",
    "garden.txt": "Tulips are planted beside the shed in October, roses in March.",
    "pump.txt": "The pump has a warranty of 24 months and a motor of 550 watts.",
}
QUESTION = "When are tulips planted?"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    words = re.findall(r"\S+", " ".join([*FILES.values(), QUESTION]))
    return save_sentence_transformer(tmp_path, words, query="query: ", document="passage: ")


@needs_sentence_transformers
def test_files_are_found_with_it_and_still_are_after_a_restart(tmp_path: Path, model: Path) -> None:
    with RunningServer(tmp_path, EMBEDDING_MODEL=str(model)) as server:
        client_id = server.new_client(*((name, text.encode()) for name, text in FILES.items()))
        before = server.ask(client_id, QUESTION)
        assert before["sources"][0]["filename"] == "garden.txt"
        assert server.http.get("/readyz").json()["status"] == "ready"
        server.stop()
        server.start()
        assert server.ask(client_id, QUESTION)["sources"] == before["sources"]
        server.stop()
    log = server.log.read_text()
    assert "Traceback" not in log
    assert '"reindexing"' not in log
    assert "%|" not in log, "a progress bar between the lines"


@needs_sentence_transformers
def test_changing_to_it_and_back_embeds_what_is_stored_anew(tmp_path: Path, model: Path) -> None:
    with RunningServer(tmp_path) as server:
        client_id = server.new_client(*((name, text.encode()) for name, text in FILES.items()))
        server.stop()
    for name in (str(model), "all-MiniLM-L6-v2"):
        succeed(tmp_path, "reindex", EMBEDDING_MODEL=name)
        with RunningServer(tmp_path, EMBEDDING_MODEL=name) as server:
            assert server.ask(client_id, QUESTION)["sources"][0]["filename"] == "garden.txt"
            server.stop()


@needs_sentence_transformers
def test_what_is_no_model_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.txt").write_text(FILES["pump.txt"])
    (tmp_path / "empty").mkdir()
    said = refused(tmp_path, "ingest", "papers", EMBEDDING_MODEL="./empty")
    assert "EMBEDDING_MODEL: sentence-transformers cannot load ./empty" in said
