"""Prefixes: what some models want to see before a question, and before a passage, to tell one from the other."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Put before each text, as they stand; most models have none."""

    query: str = ""
    passage: str = ""


_INSTRUCTION = "Represent this sentence for searching relevant passages: "
# By the last part of a model's name, for models that are published without their prompts.
_BY_NAME = (
    (re.compile(r"\be5\b(?!.*instruct)"), Prefixes("query: ", "passage: ")),
    (re.compile(r"\bbge\b.*\ben\b|\bmxbai\b|\barctic-embed\b(?!.*v2)"), Prefixes(_INSTRUCTION)),
    (re.compile(r"\bbge\b.*\bzh\b"), Prefixes("为这个句子生成表示以用于检索相关文章：")),
    (re.compile(r"\barctic-embed\b.*v2"), Prefixes("query: ")),
    (re.compile(r"\bnomic-embed\b"), Prefixes("search_query: ", "search_document: ")),
)
_QUERY_PROMPTS, _PASSAGE_PROMPTS = ("query", "search_query"), ("passage", "document", "search_document")


def choose_prefixes(name: str, prompts: Mapping[str, str], query: str | None, passage: str | None) -> Prefixes:
    """What the settings say (None: nothing), else the prompts that came with the model, else what its name tells."""
    published = Prefixes(_first(prompts, _QUERY_PROMPTS), _first(prompts, _PASSAGE_PROMPTS))
    known = published if published != Prefixes() else _by_name(name)
    return Prefixes(known.query if query is None else query, known.passage if passage is None else passage)


def _by_name(name: str) -> Prefixes:
    last = re.split(r"[/\\]", name.rstrip("/\\").lower().replace("_", "-"))[-1]
    return next((prefixes for pattern, prefixes in _BY_NAME if pattern.search(last)), Prefixes())


def _first(prompts: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((prompts[name] for name in names if name in prompts), "")
