"""The usual afternoon build of such a service, against which the benchmarks hold the product.

    YARDSTICK_PYTHON benchmarks/yardstick.py --port PORT --folder FOLDER --model FOLDER

It speaks three of the product's calls (upload, chat, health) and is put together as such services mostly are:
sentence-transformers on torch, a langchain-chroma collection a client, a loop over pypdf's pages, one sqlite3
connection a call, endpoints that block a thread each. Nothing in it is slow on purpose: what is costly to make is made
once, and nothing is copied that need not be.

`benchmarks/yardstick_model.py` makes the model's folder. It needs requirements-yardstick.txt, and no other file of this
repository.
"""

import argparse
import os
import sqlite3
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import chromadb
import uvicorn
from fastapi import FastAPI, File, Form, HTTPException, UploadFile
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_groq import ChatGroq
from langchain_text_splitters import RecursiveCharacterTextSplitter
from pydantic import BaseModel
from pypdf import PdfReader
from sentence_transformers import SentenceTransformer

_MODEL_NAME, _TOP_K, _HISTORY = "openai/gpt-oss-120b", 4, 10
_PROMPT = "Answer the question from the following passages only. Say so when they do not hold the answer.\n\n{passages}"
_TABLE = (
    "create table if not exists messages (id integer primary key, session_id text, role text, content text, "
    "timestamp real)"
)


class Embedding(Embeddings):
    """sentence-transformers as LangChain asks for it."""

    def __init__(self, folder: Path) -> None:
        self._model = SentenceTransformer(str(folder), device="cpu")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """All at once; the library makes batches of 32."""
        vectors: list[list[float]] = self._model.encode(texts, show_progress_bar=False).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """A question."""
        return self.embed_documents([text])[0]


class History:
    """The messages of all sessions; each call opens the database."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        with closing(sqlite3.connect(self._path)) as connection:
            connection.execute(_TABLE)
            connection.execute("create index if not exists by_session on messages (session_id)")

    def last(self, session_id: str) -> list[BaseMessage]:
        """The newest messages, oldest first."""
        query = "select role, content from messages where session_id = ? order by id desc limit ?"
        with closing(sqlite3.connect(self._path)) as connection:
            rows = connection.execute(query, (session_id, _HISTORY)).fetchall()
        return [HumanMessage(text) if role == "user" else AIMessage(text) for role, text in reversed(rows)]

    def append(self, session_id: str, role: str, content: str) -> None:
        """One more."""
        insert = "insert into messages (session_id, role, content, timestamp) values (?, ?, ?, ?)"
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute(insert, (session_id, role, content, time.time()))


class Ask(BaseModel):
    """The body of a question."""

    message: str
    client_id: str
    session_id: str | None = None
    use_memory: bool = True


def create_app(folder: Path, model: Path) -> FastAPI:
    """The service over its data folder."""
    app = FastAPI()
    embedding, history = Embedding(model), History(folder / "sessions.db")
    chroma = chromadb.PersistentClient(str(folder / "chroma_db"), chromadb.config.Settings(anonymized_telemetry=False))
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    llm = ChatGroq(model_name=_MODEL_NAME, base_url=os.environ["GROQ_API_BASE"])

    def store(client_id: str) -> Chroma:
        return Chroma(f"docs_{client_id}", embedding_function=embedding, client=chroma)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "healthy"}

    @app.post("/api/v1/ingest/")
    def ingest(files: Annotated[list[UploadFile], File()], client_id: Annotated[str, Form()] = "") -> dict[str, Any]:
        client_id = client_id or f"client_{uuid.uuid4().hex[:16]}"
        chunks = splitter.split_documents([page for file in files for page in load(file.filename or "", file)])
        store(client_id).add_documents(chunks)
        return {"client_id": client_id, "documents_processed": len(files), "chunks_created": len(chunks)}

    @app.post("/api/v1/chat/")
    def chat(ask: Ask) -> dict[str, Any]:
        session_id = ask.session_id or str(uuid.uuid4())
        found = store(ask.client_id).similarity_search(ask.message, k=_TOP_K)
        if not found:
            raise HTTPException(404, "no such client")
        earlier = history.last(session_id) if ask.use_memory else []
        answer = str(llm.invoke([prompt(found), *earlier, HumanMessage(ask.message)]).content)
        if ask.use_memory:
            history.append(session_id, "user", ask.message)
            history.append(session_id, "assistant", answer)
        sources = [{"content": each.page_content, **each.metadata} for each in found]
        return {"response": answer, "session_id": session_id, "sources": sources, "degraded": False}

    return app


def load(filename: str, file: UploadFile) -> list[Document]:
    """A document a page."""
    data = file.file.read()
    if not filename.endswith(".pdf"):
        return [Document(data.decode(), metadata={"filename": filename})]
    pages = enumerate(PdfReader(BytesIO(data)).pages, start=1)
    return [Document(page.extract_text(), metadata={"filename": filename, "page": number}) for number, page in pages]


def prompt(found: Sequence[Document]) -> SystemMessage:
    """What the model is told."""
    return SystemMessage(_PROMPT.format(passages="\n\n".join(each.page_content for each in found)))


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    options = parser.parse_args()
    uvicorn.run(create_app(options.folder, options.model), host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
