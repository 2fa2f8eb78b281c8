"""The default embedder: an ONNX file and its tokenizer, run on the CPU by onnxruntime; the shipped one or any other.

Texts run one by one, never padded, one on each thread. 8-bit activations take their scale from the largest
number in the batch, so a text's vector would change with its neighbours (cosine 0.99, as far as the
quantisation itself takes it); alone it is always the same, and two single runs side by side are faster than
one batch of eight on two threads and need less memory.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from conversational_rag.embedding.base import Vectors
from conversational_rag.embedding.model_folder import ModelFolder, exported
from conversational_rag.embedding.prefixes import Prefixes
from conversational_rag.embedding.texts import well_formed
from conversational_rag.errors import ConfigurationError, ServiceError, Unavailable

SHIPPED_NAME = "all-MiniLM-L6-v2"
SHIPPED_FOLDER = Path(__file__).with_name("model")

_NO_PREFIXES = Prefixes()
_POOLINGS: dict[str, Callable[[Vectors], Vectors]] = {
    "mean": lambda tokens: tokens.mean(axis=0),
    "cls": lambda tokens: tokens[0],
    "max": lambda tokens: tokens.max(axis=0),
}
_BLOCK_BYTES = 1 << 20
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
    """An Embedder of a graph and its tokenizer.

    The graph takes `input_ids` and, where it has them, `attention_mask`, `token_type_ids` and `position_ids`, integers
    (1, tokens), and gives the vector of the text, (1, dimensions), or one of each token, (1, tokens, dimensions).
    """

    def __init__(self, model: ModelFolder, threads: int = 1, prefixes: Prefixes = _NO_PREFIXES) -> None:
        """Load it (the shipped one: 0.1 s). Raises ConfigurationError when a file is missing or broken."""
        self._model, self._prefixes, self._threads = model, prefixes, threads
        self._fingerprint = f"{model.name}@{_digest(model.files, _manner(model, prefixes))[:16]}"
        with _translated(model.name, loading=True):
            self._session = _session(model.graph)
        self._tokenizer = _tokenizer(model.tokenizer, model.max_tokens)
        inputs = self._session.get_inputs()
        self._inputs = {each.name: np.int32 if "int32" in each.type else np.int64 for each in inputs}
        self._output = _output(self._session)
        self._dimensions = self._find_dimensions()
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="embedding")

    @classmethod
    def shipped(cls, threads: int = 1, prefixes: Prefixes = _NO_PREFIXES) -> "OnnxEmbedder":
        """all-MiniLM-L6-v2 in 8 bits, as it comes with this package; see model/README.md."""
        return cls(exported(SHIPPED_FOLDER, SHIPPED_NAME), threads, prefixes)

    @property
    def fingerprint(self) -> str:
        """The name and the beginning of the sha256 over the files and how they are used."""
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
        return self._embed_all(texts, self._prefixes.passage)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same of questions."""
        return self._embed_all(texts, self._prefixes.query)

    def _embed_all(self, texts: Sequence[str], prefix: str) -> Vectors:
        vectors = np.empty((len(texts), self._dimensions), np.float32)
        with _translated(self._model.name, loading=False):
            if len(texts) == 1:  # a question: handing it to another thread costs a tenth of embedding it
                vectors[0] = self._embed_one(prefix + texts[0])
                return vectors
            for row, vector in enumerate(self._workers.map(self._embed_one, [prefix + text for text in texts])):
                vectors[row] = vector
        return vectors

    def _embed_one(self, text: str) -> Vectors:
        ids = self._tokenizer.encode(well_formed(text[:_MAX_CHARACTERS])).ids
        values = {"input_ids": ids, "attention_mask": [1] * len(ids), "position_ids": range(len(ids))}
        # A graph of one kind of text has no token types, another is given the first.
        feed = {name: np.array([values.get(name, [0] * len(ids))], number) for name, number in self._inputs.items()}
        found: Vectors = self._session.run([self._output], feed)[0][0]
        return found if self._model.pooling is None else _pool(found.astype(np.float32), self._model.pooling)

    def _find_dimensions(self) -> int:
        """The graph says it, or is asked."""
        stated = next(each.shape for each in self._session.get_outputs() if each.name == self._output)[-1]
        if isinstance(stated, int):
            return stated
        with _translated(self._model.name, loading=True):
            return len(self._embed_one("a"))


def _pool(tokens: Vectors, pooling: str) -> Vectors:
    """The unit vector of a text, shape (dimensions,), of those of its tokens or of itself."""
    vector = tokens if tokens.ndim == 1 else _POOLINGS[pooling](tokens)
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


def _output(session: Any) -> str:
    """Some graphs pool themselves, and give the tokens as well."""
    names: list[str] = [output.name for output in session.get_outputs()]
    return next((name for name in names if name == "sentence_embedding"), names[0])


def _manner(model: ModelFolder, prefixes: Prefixes) -> str:
    """What the vectors depend on beside the files; empty for a graph that does it all, asked as it is."""
    plain = model.pooling is None and prefixes == _NO_PREFIXES
    return "" if plain else repr((model.pooling, model.max_tokens, prefixes.query, prefixes.passage))


def _digest(paths: Sequence[Path], manner: str) -> str:
    """sha256 over the files, one after the other, and the rest; 20 ms for the shipped ones."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    digest.update(block)
        except OSError as error:
            raise ConfigurationError(f"EMBEDDING_MODEL: {path.name} of the embedding model cannot be read") from error
    digest.update(manner.encode())
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


def _tokenizer(path: Path, max_tokens: int | None) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
        if max_tokens is not None:
            tokenizer.no_padding()
            tokenizer.enable_truncation(max_tokens)
        return tokenizer
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
