"""A graph and its tokenizer, run on the CPU; the only file that knows onnxruntime.

Texts run one by one, never padded. 8-bit activations take their scale from the largest number in the batch, so what a
graph gives for a text would change with its neighbours (cosine 0.99, as far as the quantisation itself takes it); alone
it is always the same, and two single runs side by side are faster than one batch of eight on two threads and need less
memory.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conversational_rag.embedding.model_folder import ModelFolder
from conversational_rag.embedding.tables import large_tables
from conversational_rag.embedding.texts import well_formed
from conversational_rag.errors import ConfigurationError, ServiceError, Unavailable

# Else its import writes an id of this machine into the home folder and reports to its maker.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# Longer than any 256 tokens but blanks and unbroken words; what follows would only cost time to split.
_MAX_CHARACTERS = 32_768

# What onnxruntime can raise while it runs a model; while it loads one, each of them is a ConfigurationError.
VENDOR_ERRORS: dict[str, type[ServiceError]] = {
    "DeviceReset": Unavailable,
    "EPFail": Unavailable,
    "EngineError": Unavailable,
    "Fail": Unavailable,
    "RuntimeException": Unavailable,
    "InvalidArgument": ConfigurationError,
    "InvalidGraph": ConfigurationError,
    "InvalidProtobuf": ConfigurationError,
    "ModelLoadCanceled": ConfigurationError,
    "ModelLoaded": ConfigurationError,
    "ModelRequiresCompilation": ConfigurationError,
    "NoModel": ConfigurationError,
    "NoSuchFile": ConfigurationError,
    "NotFound": ConfigurationError,
    "NotImplemented": ConfigurationError,
}


class Graph:
    """Gives numbers for a text or a pair of texts; any thread may call, and each call takes one core.

    The graph takes `input_ids` and, where it has them, `attention_mask`, `token_type_ids` and `position_ids`, integers
    (1, tokens); what it gives has 1 as its first dimension.
    """

    def __init__(self, model: ModelFolder) -> None:
        """Load it. Raises ConfigurationError, naming the model's setting, when a file is missing or broken."""
        self._model = model
        with self._translated(loading=True):
            # The session only points at them: they have to live as long as it does.
            self._tables = _tables(model.graph) if model.is_shipped else {}
            self._session = _session(model.graph, self._tables)
        self._tokenizer = _tokenizer(model)
        inputs = self._session.get_inputs()
        self._inputs = {each.name: np.int32 if "int32" in each.type else np.int64 for each in inputs}
        self._output = _output(self._session)

    @property
    def last_dimension(self) -> int | None:
        """The length of the last dimension of what it gives, where the file says it."""
        shape = next(each.shape for each in self._session.get_outputs() if each.name == self._output)
        return shape[-1] if isinstance(shape[-1], int) else None

    def run(self, text: str, beside: str | None = None, *, loading: bool = False) -> NDArray[np.float32]:
        """What it gives for a text, or for two at once, without the first dimension.

        Raises Unavailable when it fails; ConfigurationError when it does not fit its tokenizer, or is still `loading`.
        """
        pair = [well_formed(each[:_MAX_CHARACTERS]) for each in (text, beside) if each is not None]
        encoded = self._tokenizer.encode(*pair)
        length = len(encoded.ids)
        values = {
            "input_ids": encoded.ids,
            "attention_mask": [1] * length,
            "token_type_ids": encoded.type_ids,
            "position_ids": range(length),
        }
        feed = {name: np.array([values.get(name, [0] * length)], number) for name, number in self._inputs.items()}
        with self._translated(loading=loading):
            found: NDArray[Any] = self._session.run([self._output], feed)[0][0]
        return found.astype(np.float32, copy=False)

    @contextmanager
    def _translated(self, *, loading: bool) -> Iterator[None]:
        from onnxruntime.capi import onnxruntime_pybind11_state as vendor

        try:
            yield
        except tuple(getattr(vendor, kind) for kind in VENDOR_ERRORS) as error:
            name = self._model.name
            if not loading and VENDOR_ERRORS[type(error).__name__] is Unavailable:
                failed = f"The model {name} could not run, perhaps for lack of memory; try again in a moment."
                raise Unavailable(failed) from error
            raise ConfigurationError(f"{self._model.setting}: the model {name} is broken; install it again") from error


def _output(session: Any) -> str:
    """Some graphs pool themselves, and give the tokens as well."""
    names: list[str] = [output.name for output in session.get_outputs()]
    return next((name for name in names if name == "sentence_embedding"), names[0])


def _tables(model: Path) -> dict[str, Any]:
    """What onnxruntime need not copy, as it takes it."""
    from onnxruntime import OrtValue

    return {name: OrtValue.ortvalue_from_numpy(table) for name, table in large_tables(model).items()}


def _session(model: Path, tables: Mapping[str, Any]) -> Any:
    """One run, one thread: there is no pool of onnxruntime's own whose threads would spin while they wait."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # what it would print comes as an exception too
    # Further levels would fuse addition and LayerNormalization into an operator that is six times slower.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    for name, table in tables.items():
        options.add_initializer(name, table)
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _tokenizer(model: ModelFolder) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(model.tokenizer))
        if model.max_tokens is not None:
            tokenizer.no_padding()
            tokenizer.enable_truncation(model.max_tokens)
        return tokenizer
    except Exception as error:  # tokenizers raises nothing narrower
        raise ConfigurationError(f"{model.setting}: {model.name}'s tokenizer.json is broken") from error
