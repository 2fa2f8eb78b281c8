"""The least that a turn can cost: one embedding, one Chroma query, one SQL round trip, and the provider's call."""

import http.client
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import chromadb
import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from benchmarks.clients_stand import unit_vectors
from conversational_rag.embedding.onnx import SHIPPED_FOLDER

_DIMENSIONS, _TOP_K, _BATCH = 384, 4, 1000
_HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer gsk_bench"}
_TABLE = "create table messages (id integer primary key, session_id text, role text, content text, timestamp real)"


class BareTurn:
    """Its parts, each as a script would do it with what it needs open; `chunks` random vectors are what is searched."""

    def __init__(self, folder: Path, provider: str, chunks: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        self._session = onnxruntime.InferenceSession(str(SHIPPED_FOLDER / "model.onnx"), options)
        self._tokenizer = Tokenizer.from_file(str(SHIPPED_FOLDER / "tokenizer.json"))
        client = chromadb.PersistentClient(str(folder / "chroma"), chromadb.config.Settings(anonymized_telemetry=False))
        self._collection = client.create_collection("bare", embedding_function=None)
        vectors = unit_vectors(chunks, _DIMENSIONS, 0)
        for first in range(0, chunks, _BATCH):
            ids = [str(number) for number in range(first, min(chunks, first + _BATCH))]
            self._collection.add(ids=ids, embeddings=vectors[first : first + _BATCH])
        self._connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
        for statement in ("pragma journal_mode = wal", "pragma synchronous = full", _TABLE):
            self._connection.execute(statement).fetchall()
        self._provider = http.client.HTTPConnection(urlsplit(provider).netloc, timeout=120)

    def timed(self, question: str) -> dict[str, float]:
        """The milliseconds of each part."""
        taken: dict[str, float] = {}

        def part(name: str, work: Callable[[], object]) -> object:
            began = time.perf_counter()
            done = work()
            taken[name] = (time.perf_counter() - began) * 1e3
            return done

        vector = part("one embedding", lambda: self._embed(question))
        part("one Chroma query", lambda: self._collection.query(query_embeddings=vector, n_results=_TOP_K))  # type: ignore[arg-type]
        part("one SQL round trip", lambda: self._store(question))
        taken["bare sum"] = sum(taken.values())
        part("the provider's call", lambda: self._call(question))
        return taken

    def _embed(self, question: str) -> np.ndarray:
        ids = np.array([self._tokenizer.encode(question).ids], np.int64)
        found: np.ndarray = self._session.run(None, {"input_ids": ids})[0]
        return found

    def _store(self, question: str) -> None:
        """One row, committed."""
        row = ("bench", "user", question, time.time())
        insert = "insert into messages (session_id, role, content, timestamp) values (?, ?, ?, ?)"
        self._connection.execute(insert, row)

    def _call(self, question: str) -> None:
        message = {"role": "user", "content": question}
        body = json.dumps({"model": "openai/gpt-oss-120b", "messages": [message]})
        self._provider.request("POST", "/openai/v1/chat/completions", body, _HEADERS)
        answer = self._provider.getresponse()
        assert answer.status == http.client.OK, answer.read()
        answer.read()
