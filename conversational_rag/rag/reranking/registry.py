"""Which reranker RERANKER_MODEL stands for."""

from pathlib import Path

from conversational_rag.llm.base import ChatModels
from conversational_rag.rag.reranking.base import Reranker
from conversational_rag.rag.reranking.cross_encoder import CrossEncoderReranker, load_cross_encoder
from conversational_rag.rag.reranking.language_model import LanguageModelReranker

_LANGUAGE_MODEL = "groq"


def make_reranker(name: str, threads: int, models: ChatModels) -> Reranker | None:
    """None without a name, the language model for `groq`, else a cross-encoder in the folder of that name.

    It is loaded by `start`; `threads` is how many cores it may take.
    """
    if not name:
        return None
    if name == _LANGUAGE_MODEL:
        return LanguageModelReranker(models)
    return CrossEncoderReranker(Path(name), threads)


def probe_reranker(name: str) -> None:
    """Raises ConfigurationError, naming RERANKER_MODEL, when a reranker of this name could not start."""
    if name and name != _LANGUAGE_MODEL:
        load_cross_encoder(Path(name))
