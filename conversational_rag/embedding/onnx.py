"""The default embedder: an ONNX file and its tokenizer, run on the CPU by onnxruntime.

Texts run one by one, never padded, one on each thread. 8-bit activations take their scale from the largest
number in the batch, so a text's vector would change with its neighbours (cosine 0.99, as far as the
quantisation itself takes it); alone it is always the same, and two single runs side by side are faster than
one batch of eight on two threads and need less memory.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from conversational_rag.embedding.base import Vectors
from conversational_rag.embedding.texts import well_formed
from conversational_rag.errors import ConfigurationError, ServiceError, Unavailable

SHIPPED_NAME = "all-MiniLM-L6-v2"
SHIPPED_FOLDER = Path(__file__).with_name("model")

_TEXTS_A_THREAD = 4
# Longer than any 256 tokens but blanks and unbroken words; what follows would only cost time to split.
_MAX_CHARACTERS = 32_768

_RUN_FAILED = "The embedding model could not run, perhaps for lack of memory; try again in a moment."
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


class OnnxEmbedder:
    """An Embedder of a folder that holds model.onnx and tokenizer.json.

    The graph takes `input_ids`, int64 (1, tokens), and gives the unit vector, float32 (1, dimensions); the
    tokenizer cuts to the model's length and does not pad.
    """

    def __init__(self, folder: Path, name: str, threads: int = 1) -> None:
        """Load it (about 0.1 s). Raises ConfigurationError when a file is missing or broken."""
        model, tokenizer = folder / "model.onnx", folder / "tokenizer.json"
        self._name = name
        self._fingerprint = f"{name}@{_digest(model, tokenizer)[:16]}"
        with _translated(name, loading=True):
            self._session = _session(model)
        self._tokenizer = _tokenizer(tokenizer)
        self._dimensions = int(self._session.get_outputs()[0].shape[-1])
        self._threads = threads
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="embedding")

    @classmethod
    def shipped(cls, threads: int = 1) -> "OnnxEmbedder":
        """all-MiniLM-L6-v2 in 8 bits, as it comes with this package; see model/README.md."""
        return cls(SHIPPED_FOLDER, SHIPPED_NAME, threads)

    @property
    def fingerprint(self) -> str:
        """The name and the beginning of the sha256 over both files."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """Length of one vector; 384 for the shipped model."""
        return self._dimensions

    @property
    def batch_size(self) -> int:
        """Four texts a thread: enough to keep all busy, and with the shipped model done in about 80 ms."""
        return _TEXTS_A_THREAD * self._threads

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions), each the same whatever stands beside it. Raises Unavailable."""
        vectors = np.empty((len(texts), self._dimensions), np.float32)
        with _translated(self._name, loading=False):
            if len(texts) == 1:  # a question: handing it to another thread costs a tenth of embedding it
                vectors[0] = self._embed_one(texts[0])
                return vectors
            for row, vector in enumerate(self._workers.map(self._embed_one, texts)):
                vectors[row] = vector
        return vectors

    def _embed_one(self, text: str) -> Vectors:
        ids = self._tokenizer.encode(well_formed(text[:_MAX_CHARACTERS])).ids
        vector: Vectors = self._session.run(None, {"input_ids": np.array([ids], np.int64)})[0][0]
        return vector


def _digest(*paths: Path) -> str:
    """sha256 over the files, one after the other; 20 ms for the shipped ones."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            digest.update(path.read_bytes())
        except OSError as error:
            raise ConfigurationError(f"EMBEDDING_MODEL: {path.name} of the embedding model cannot be read") from error
    return digest.hexdigest()


def _session(model: Path) -> Any:
    """One run, one thread: there is no pool of onnxruntime's own whose threads would spin while they wait."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # what it would print comes as an exception too
    # Further levels would fuse addition and LayerNormalization into an operator that is six times slower.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing narrower
        raise ConfigurationError("EMBEDDING_MODEL: the embedding model's tokenizer.json is broken") from error


@contextmanager
def _translated(name: str, *, loading: bool) -> Iterator[None]:
    from onnxruntime.capi import onnxruntime_pybind11_state as vendor

    try:
        yield
    except tuple(getattr(vendor, kind) for kind in VENDOR_ERRORS) as error:
        if not loading and VENDOR_ERRORS[type(error).__name__] is Unavailable:
            raise Unavailable(_RUN_FAILED) from error
        raise ConfigurationError(f"EMBEDDING_MODEL: the model {name} is broken; install it again") from error
