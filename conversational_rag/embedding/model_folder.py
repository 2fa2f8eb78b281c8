"""A model's folder as it is published: the graph, the tokenizer, and what the files beside them say of their use."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conversational_rag.errors import ConfigurationError

_GRAPHS = ("model.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx", "model_quantized.onnx")
_KNOWN_MODULES = ("Transformer", "Pooling", "Normalize")
_POOLINGS = {"mean": "mean", "mean_tokens": "mean", "cls": "cls", "cls_token": "cls", "max": "max", "max_tokens": "max"}
_USUAL_TOKENS, _MOST_TOKENS = 512, 8192
# What the positions of RoBERTa and its kin lose to padding.
_RESERVED_POSITIONS = {"roberta": 2, "xlm-roberta": 2, "camembert": 2, "mpnet": 2}


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """How to use the graph. `pooling` is mean, cls or max; `prompts` by their names, as sentence-transformers has them.

    None for `pooling`: the graph gives unit vectors; None for `max_tokens`: the tokenizer knows where to cut.
    `files` are all that the vectors depend on, beside what is said here.
    """

    name: str
    graph: Path
    tokenizer: Path
    files: tuple[Path, ...]
    pooling: str | None
    max_tokens: int | None
    prompts: Mapping[str, str]


def has_graph(folder: Path) -> bool:
    """Whether this is a folder with an ONNX file where models have it."""
    return any((folder / graph).is_file() for graph in _GRAPHS)


def exported(folder: Path, name: str) -> ModelFolder:
    """What scripts/export_embedding_model.py writes: nothing is left to know."""
    graph, tokenizer = folder / "model.onnx", folder / "tokenizer.json"
    return ModelFolder(name, graph, tokenizer, (graph, tokenizer), None, None, {})


def read_folder(folder: Path) -> ModelFolder:
    """Raises ConfigurationError when a file is missing, broken, or asks for what only sentence-transformers does."""
    graph = next(folder / graph for graph in _GRAPHS if (folder / graph).is_file())
    tokenizers = [each / "tokenizer.json" for each in (folder, graph.parent)]
    tokenizer = next((path for path in tokenizers if path.is_file()), None)
    if tokenizer is None:
        raise ConfigurationError(f"EMBEDDING_MODEL: {folder} has no tokenizer.json beside {graph.name}")
    _refuse_further_modules(folder)
    weights = graph.with_name(f"{graph.name}_data")
    return ModelFolder(
        name=folder.resolve().name,
        graph=graph,
        tokenizer=tokenizer,
        files=(graph, *([weights] if weights.is_file() else []), tokenizer),
        pooling=_pooling(_read(folder / "1_Pooling" / "config.json")),
        max_tokens=_max_tokens(folder),
        prompts=_prompts(_read(folder / "config_sentence_transformers.json")),
    )


def _refuse_further_modules(folder: Path) -> None:
    """A dense layer behind the pooling stands in a file of its own, which is not in the graph."""
    path = folder / "modules.json"
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in _load(path)] if path.is_file() else []
    further = [kind for kind in kinds if kind not in _KNOWN_MODULES]
    if further:
        raise ConfigurationError(
            f"EMBEDDING_MODEL: {folder.name} has the module {further[0]}, which its ONNX file lacks; take the ONNX "
            "file away and run `pip install -r requirements-sentence-transformers.txt`, or choose another model"
        )


def _pooling(config: Mapping[str, Any]) -> str:
    switches = [key.removeprefix("pooling_mode_") for key, value in config.items() if value is True]
    modes = (
        [config["pooling_mode"]] if "pooling_mode" in config else [key for key in switches if key != "include_prompt"]
    )
    unknown = [mode for mode in modes if mode not in _POOLINGS]
    if unknown or len(modes) > 1:
        raise ConfigurationError(
            f"EMBEDDING_MODEL: the pooling {' + '.join(modes)} is not known; mean, cls and max are"
        )
    return _POOLINGS[modes[0]] if modes else "mean"


def _max_tokens(folder: Path) -> int:
    """What sentence-transformers would cut at, else what the tokenizer and the positions allow."""
    stated = _read(folder / "sentence_bert_config.json").get("max_seq_length")
    if isinstance(stated, int):
        return stated
    config = _read(folder / "config.json")
    positions = config.get("max_position_embeddings", _USUAL_TOKENS)
    tokens = _read(folder / "tokenizer_config.json").get("model_max_length", _MOST_TOKENS)
    reserved = _RESERVED_POSITIONS.get(str(config.get("model_type")), 0)
    return int(min(positions - reserved, tokens, _MOST_TOKENS))


def _prompts(config: Mapping[str, Any]) -> Mapping[str, str]:
    prompts = config.get("prompts") or {}
    return {name: text for name, text in prompts.items() if isinstance(text, str)}


def _read(path: Path) -> Mapping[str, Any]:
    """What is in the file; nothing when there is none."""
    content = _load(path) if path.is_file() else {}
    if not isinstance(content, dict):
        raise _broken(path)
    return content


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _broken(path) from error


def _broken(path: Path) -> ConfigurationError:
    return ConfigurationError(f"EMBEDDING_MODEL: {path.name} of the embedding model cannot be read")
