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
    `files` are all that the vectors depend on, beside what is said here. `setting` is the variable that names it.
    `is_shipped`: it comes with this package, so that nobody writes to its files while they are in use.
    """

    name: str
    graph: Path
    tokenizer: Path
    files: tuple[Path, ...]
    pooling: str | None
    max_tokens: int | None
    prompts: Mapping[str, str]
    setting: str = "EMBEDDING_MODEL"
    is_shipped: bool = False


def has_graph(folder: Path) -> bool:
    """Whether this is a folder with an ONNX file where models have it."""
    return any((folder / graph).is_file() for graph in _GRAPHS)


def exported(folder: Path, name: str, *, is_shipped: bool = False) -> ModelFolder:
    """What scripts/export_embedding_model.py writes: nothing is left to know."""
    graph, tokenizer = folder / "model.onnx", folder / "tokenizer.json"
    return ModelFolder(name, graph, tokenizer, (graph, tokenizer), None, None, {}, is_shipped=is_shipped)


def read_folder(folder: Path) -> ModelFolder:
    """Raises ConfigurationError when a file is missing, broken, or asks for what only sentence-transformers does."""
    files = _Files(folder, "EMBEDDING_MODEL")
    graph, tokenizer, weights = files.find()
    further = files.further_modules()
    if further:
        raise ConfigurationError(
            f"EMBEDDING_MODEL: {folder.name} has the module {further[0]}, which its ONNX file lacks; take the ONNX "
            "file away and run `pip install -r requirements-sentence-transformers.txt`, or choose another model"
        )
    return ModelFolder(
        name=folder.resolve().name,
        graph=graph,
        tokenizer=tokenizer,
        files=(graph, *weights, tokenizer),
        pooling=_pooling(files.read("1_Pooling/config.json")),
        max_tokens=_max_tokens(files),
        prompts=_prompts(files.read("config_sentence_transformers.json")),
    )


def read_cross_encoder(folder: Path, setting: str) -> ModelFolder:
    """A model that reads two texts at once. Raises ConfigurationError, naming the setting, when it cannot be used."""
    files = _Files(folder, setting)
    graph, tokenizer, weights = files.find()
    further = files.further_modules()
    if further:
        raise ConfigurationError(
            f"{setting}: {folder.name} has the module {further[0]}, which its ONNX file lacks; choose another model"
        )
    every = (graph, *weights, tokenizer)
    return ModelFolder(folder.resolve().name, graph, tokenizer, every, None, _max_tokens(files), {}, setting)


class _Files:
    """The files of one folder; the setting that names it is told when one of them cannot be used."""

    def __init__(self, folder: Path, setting: str) -> None:
        self._folder, self._setting = folder, setting

    def find(self) -> tuple[Path, Path, list[Path]]:
        """The graph, the tokenizer, and the weights where they have a file of their own."""
        graph = next((self._folder / graph for graph in _GRAPHS if (self._folder / graph).is_file()), None)
        if graph is None:
            raise ConfigurationError(f"{self._setting}: {self._folder} is no folder with a {' or '.join(_GRAPHS[:2])}")
        tokenizers = [each / "tokenizer.json" for each in (self._folder, graph.parent)]
        tokenizer = next((path for path in tokenizers if path.is_file()), None)
        if tokenizer is None:
            raise ConfigurationError(f"{self._setting}: {self._folder} has no tokenizer.json beside {graph.name}")
        weights = graph.with_name(f"{graph.name}_data")
        return graph, tokenizer, [weights] if weights.is_file() else []

    def further_modules(self) -> list[str]:
        """What comes behind the transformer, other than pooling: it stands in files of its own, not in the graph."""
        modules = self._load("modules.json") or []
        kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules if isinstance(module, dict)]
        return [kind for kind in kinds if kind not in _KNOWN_MODULES]

    def read(self, name: str) -> Mapping[str, Any]:
        """What is in the file; nothing when there is none."""
        content = self._load(name)
        if content is None:
            return {}
        if not isinstance(content, dict):
            raise self._broken(name)
        return content

    def _load(self, name: str) -> Any:
        path = self._folder / name
        try:
            return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        except (OSError, ValueError) as error:
            raise self._broken(name) from error

    def _broken(self, name: str) -> ConfigurationError:
        return ConfigurationError(f"{self._setting}: {Path(name).name} of the model cannot be read")


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


def _max_tokens(files: _Files) -> int:
    """What sentence-transformers would cut at, else what the tokenizer and the positions allow."""
    stated = files.read("sentence_bert_config.json").get("max_seq_length")
    if isinstance(stated, int):
        return stated
    config = files.read("config.json")
    positions = config.get("max_position_embeddings") or _USUAL_TOKENS
    tokens = files.read("tokenizer_config.json").get("model_max_length") or _MOST_TOKENS
    reserved = _RESERVED_POSITIONS.get(str(config.get("model_type")), 0)
    return int(min(positions - reserved, tokens, _MOST_TOKENS))


def _prompts(config: Mapping[str, Any]) -> Mapping[str, str]:
    prompts = config.get("prompts") or {}
    return {name: text for name, text in prompts.items() if isinstance(text, str)}
