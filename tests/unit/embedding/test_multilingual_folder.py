"""A folder of the shape in which multilingual-e5-small is published: a sentencepiece vocabulary, the graph in onnx/."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from conversational_rag.embedding.base import Embedder
from conversational_rag.embedding.onnx import OnnxEmbedder
from conversational_rag.embedding.registry import load_embedder

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
PIECES = [
    "▁",
    "▁query",
    "▁passage",
    ":",
    "▁der",
    "▁Hafen",
    "▁ist",
    "▁zu",
    "▁порт",
    "▁закрыт",
    "港口",
    "关闭",
    "了",
    "▁بندر",
]
VOCABULARY = [*SPECIAL, *PIECES, "<mask>"]
TABLE = np.random.default_rng(5).standard_normal((len(VOCABULARY), 6)).astype(np.float32)
JSON_FILES = {
    "config.json": {"model_type": "bert", "max_position_embeddings": 512, "tokenizer_class": "XLMRobertaTokenizer"},
    "tokenizer_config.json": {"model_max_length": 512, "tokenizer_class": "XLMRobertaTokenizer"},
    "special_tokens_map.json": {"unk_token": "<unk>", "pad_token": "<pad>"},
    "sentence_bert_config.json": {"max_seq_length": 512, "do_lower_case": False},
    "1_Pooling/config.json": {"word_embedding_dimension": 6, "pooling_mode_mean_tokens": True},
    "modules.json": [
        {"type": f"sentence_transformers.models.{kind}"} for kind in ("Transformer", "Pooling", "Normalize")
    ],
}


@pytest.fixture(params=[("input_ids", "attention_mask"), ("input_ids", "attention_mask", "token_type_ids")])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """XLM-R's own graph takes no token types; the published one of this model does, though its tokenizer has none."""
    folder = tmp_path / "multilingual-e5-small"
    for name, content in JSON_FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.onnx").write_bytes(_graph(request.param).SerializeToString())
    _tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def _graph(inputs: tuple[str, ...]) -> onnx.ModelProto:
    """The vectors of the tokens; a token type other than 0 would show."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["tokens0"]),
        helper.make_node("Cast", [inputs[-1]], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["number", "last"], ["wide"]),
        helper.make_node("Add" if len(inputs) == 3 else "Mul", ["tokens0", "wide"], ["last_hidden_state"]),
    ]
    body = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", 6])],
        [numpy_helper.from_array(TABLE, "table"), numpy_helper.from_array(np.array([2], np.int64), "last")],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in VOCABULARY], unk_id=3))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" {2,}", " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in [*SPECIAL, "<mask>"]])
    return tokenizer


def mean(*pieces: str) -> NDArray[np.float32]:
    vector = TABLE[[VOCABULARY.index(piece) for piece in ("<s>", *pieces, "</s>")]].mean(axis=0)
    return vector / np.linalg.norm(vector)


def load(folder: Path) -> Embedder:
    return load_embedder(str(folder), 1)


def test_it_is_loaded_without_a_further_package(folder: Path) -> None:
    embedder = load(folder)
    assert isinstance(embedder, OnnxEmbedder)
    assert embedder.dimensions == 6
    assert embedder.fingerprint.startswith("multilingual-e5-small@")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("der Hafen ist zu", ["▁der", "▁Hafen", "▁ist", "▁zu"]),
        ("порт закрыт", ["▁порт", "▁закрыт"]),
        ("港口关闭了", ["▁", "港口", "关闭", "了"]),
        ("بندر", ["▁بندر"]),
        ("der Ω", ["▁der", "▁", "<unk>"]),
    ],
)
def test_texts_of_any_language_are_pieces_behind_their_prefix(folder: Path, text: str, pieces: list[str]) -> None:
    embedder = load(folder)
    np.testing.assert_allclose(embedder.embed([text])[0], mean("▁passage", ":", *pieces), atol=1e-6)
    np.testing.assert_allclose(embedder.embed_queries([text])[0], mean("▁query", ":", *pieces), atol=1e-6)


def test_texts_are_cut_at_512_tokens(folder: Path) -> None:
    within, beyond = load(folder).embed(["der " * 508, "der " * 508 + "Hafen " * 99])
    assert (within == beyond).all()
    assert (load(folder).embed(["der " * 507 + "Hafen"])[0] != within).any()
