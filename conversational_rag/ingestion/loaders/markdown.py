"""Markdown: plain text whose markup says something, so it stays, front matter too."""

from pathlib import Path

from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument
from conversational_rag.ingestion.loaders.text import load_as


def load(path: Path, limits: Limits) -> LoadedDocument:
    """The whole text as one page without a number; raises EmptyFile, UnreadableFile, ParsingLimit."""
    return load_as(Kind.MD, path, limits)
