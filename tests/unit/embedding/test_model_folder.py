"""Any published folder with an ONNX file is an embedder: its inputs, pooling, length and prompts are what it says."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from conversational_rag.embedding.base import Embedder
from conversational_rag.embedding.model_folder import read_folder
from conversational_rag.embedding.onnx import OnnxEmbedder
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.embedding.prefixes import Prefixes, choose_prefixes
from conversational_rag.embedding.registry import load_embedder
from conversational_rag.errors import ConfigurationError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "query", "passage", "red", "fox", "blue", "ship", ":"]
TABLE = np.random.default_rng(3).standard_normal((len(WORDS), 6)).astype(np.float32)
MakeFolder = Callable[..., Path]


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """A folder as it is published; the graph looks each token up in TABLE, and adds up what its other inputs say."""

    def make(
        name: str = "tiny",
        *,
        graph: str = "model.onnx",
        inputs: Sequence[str] = ("input_ids", "attention_mask"),
        kind: int = TensorProto.INT64,
        pooled: bool = False,
        **files: Any,
    ) -> Path:
        folder = tmp_path / name
        (folder / graph).parent.mkdir(parents=True, exist_ok=True)
        (folder / graph).write_bytes(look_up(inputs, kind, pooled).SerializeToString())
        word_tokenizer().save(str(folder / "tokenizer.json"))
        for path, content in files.items():
            target = folder / path.replace("__", "/")
            target.parent.mkdir(exist_ok=True)
            target.with_suffix(".json").write_text(json.dumps(content))
        return folder

    return make


def look_up(inputs: Sequence[str], kind: int, pooled: bool) -> onnx.ModelProto:
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["tokens0"])]
    for number, name in enumerate(inputs[1:]):
        nodes += [
            helper.make_node("Cast", [name], [f"float{number}"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", [f"float{number}", "last"], [f"wide{number}"]),
            # Ones times the vector, or zeros more: what is fed for each input shows.
            helper.make_node(operator(name), [f"tokens{number}", f"wide{number}"], [f"tokens{number + 1}"]),
        ]
    result, rank = f"tokens{len(inputs) - 1}", 3
    outputs = [(result, rank)]
    if pooled:
        nodes.append(helper.make_node("ReduceMax", [result], ["sentence_embedding"], axes=[1], keepdims=0))
        outputs.append(("sentence_embedding", 2))
    body = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, [1, "tokens"]) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * size) for name, size in outputs],
        [numpy_helper.from_array(TABLE, "table"), numpy_helper.from_array(np.array([2], np.int64), "last")],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def operator(name: str) -> str:
    return "Mul" if name == "attention_mask" else "Add"


def word_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", 2)])
    tokenizer.enable_padding(length=32)
    return tokenizer


def rows(text: str) -> NDArray[np.float32]:
    return TABLE[[2, *(WORDS.index(word) if word in WORDS else 1 for word in text.split())]]


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize(
    "inputs",
    [("input_ids",), ("input_ids", "attention_mask"), ("input_ids", "attention_mask", "token_type_ids")],
)
@pytest.mark.parametrize("kind", [TensorProto.INT64, TensorProto.INT32])
def test_a_graph_is_given_the_inputs_that_it_has(make_folder: MakeFolder, inputs: tuple[str, ...], kind: int) -> None:
    embedder = load_embedder(str(make_folder(inputs=inputs, kind=kind)), 1)
    np.testing.assert_allclose(embedder.embed(["red fox"])[0], unit(rows("red fox").mean(axis=0)), atol=1e-6)
    assert embedder.dimensions == 6


@pytest.mark.parametrize(
    ("config", "pool"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, lambda tokens: tokens.mean(axis=0)),
        ({"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}, lambda tokens: tokens[0]),
        ({"pooling_mode_max_tokens": True}, lambda tokens: tokens.max(axis=0)),
        ({"pooling_mode": "cls"}, lambda tokens: tokens[0]),
    ],
)
def test_tokens_are_pooled_as_the_model_says(make_folder: MakeFolder, config: Any, pool: Any) -> None:
    embedder = load_embedder(str(make_folder(**{"1_Pooling__config": config})), 2)
    for text, vector in zip(("red fox", "blue ship ship"), embedder.embed(["red fox", "blue ship ship"]), strict=True):
        np.testing.assert_allclose(vector, unit(pool(rows(text))), atol=1e-6)


def test_a_graph_that_pools_itself_is_believed_and_its_vectors_made_unit(make_folder: MakeFolder) -> None:
    embedder = load_embedder(str(make_folder(pooled=True)), 1)
    np.testing.assert_allclose(embedder.embed(["red fox"])[0], unit(rows("red fox").max(axis=0)), atol=1e-6)


@pytest.mark.parametrize(
    ("files", "tokens"),
    [
        ({"sentence_bert_config": {"max_seq_length": 3}, "config": {"max_position_embeddings": 9}}, 3),
        ({"config": {"max_position_embeddings": 5}}, 5),
        ({"config": {"max_position_embeddings": 6, "model_type": "xlm-roberta"}}, 4),
        ({"tokenizer_config": {"model_max_length": 4}}, 4),
        ({"tokenizer_config": {"model_max_length": 1e30}}, 512),
    ],
)
def test_texts_are_cut_where_the_model_ends(make_folder: MakeFolder, files: Any, tokens: int) -> None:
    folder = make_folder(**files)
    assert read_folder(folder).max_tokens == tokens
    within, beyond = load_embedder(str(folder), 1).embed(["red " * (tokens - 1), "red " * (tokens - 1) + "fox " * 9])
    assert (within == beyond).all()


@pytest.mark.parametrize("graph", ["model.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx"])
def test_the_graph_is_found_where_it_is_published(make_folder: MakeFolder, graph: str) -> None:
    assert load_embedder(str(make_folder(graph=graph)), 1).embed(["red"]).shape == (1, 6)


def as_query(embedder: Embedder, text: str) -> NDArray[np.float32]:
    return embedder.embed_queries([text])[0]


def test_questions_and_passages_have_the_prefixes_that_come_with_the_model(make_folder: MakeFolder) -> None:
    prompts = {"prompts": {"query": "blue ", "document": "red ", "other": "x"}, "default_prompt_name": None}
    embedder = load_embedder(str(make_folder(config_sentence_transformers=prompts)), 1)
    np.testing.assert_allclose(as_query(embedder, "fox"), unit(rows("blue fox").mean(axis=0)), atol=1e-6)
    np.testing.assert_allclose(embedder.embed(["fox"])[0], unit(rows("red fox").mean(axis=0)), atol=1e-6)


def test_the_name_tells_them_when_the_model_does_not_and_a_setting_wins(make_folder: MakeFolder) -> None:
    folder = str(make_folder("multilingual-e5-small"))
    plain = load_embedder(str(make_folder("other")), 1)
    by_name, by_setting = load_embedder(folder, 1), load_embedder(folder, 1, query_prefix="blue ")
    assert (as_query(by_name, "fox") == as_query(plain, "query: fox")).all()
    assert (by_name.embed(["fox"]) == plain.embed(["passage: fox"])).all()
    assert (as_query(by_setting, "fox") == as_query(plain, "blue fox")).all()
    assert (by_setting.embed(["fox"]) == plain.embed(["passage: fox"])).all()


@pytest.mark.parametrize(
    ("name", "prefixes"),
    [
        ("intfloat/multilingual-e5-small", Prefixes("query: ", "passage: ")),
        ("/models/E5_base_v2/", Prefixes("query: ", "passage: ")),
        ("BAAI/bge-small-en-v1.5", Prefixes("Represent this sentence for searching relevant passages: ")),
        ("BAAI/bge-large-zh", Prefixes("为这个句子生成表示以用于检索相关文章：")),
        ("BAAI/bge-m3", Prefixes()),
        ("nomic-ai/nomic-embed-text-v1.5", Prefixes("search_query: ", "search_document: ")),
        ("Snowflake/snowflake-arctic-embed-l-v2.0", Prefixes("query: ")),
        ("all-MiniLM-L6-v2", Prefixes()),
        ("house5-e50", Prefixes()),
    ],
)
def test_well_known_models_have_their_prefixes(name: str, prefixes: Prefixes) -> None:
    assert choose_prefixes(name, {}, None, None) == prefixes


def test_whatever_changes_the_vectors_changes_the_fingerprint(make_folder: MakeFolder) -> None:
    folder = make_folder()
    cls = make_folder("tiny", **{"1_Pooling__config": {"pooling_mode": "cls"}})
    prints = {load_embedder(str(cls), 1, query_prefix=prefix).fingerprint for prefix in (None, "query: ")}
    (folder / "1_Pooling" / "config.json").unlink()
    prints |= {load_embedder(str(folder), 1).fingerprint, load_embedder(str(folder), 1, None, "passage: ").fingerprint}
    assert len(prints) == 4
    assert all(each.startswith("tiny@") for each in prints)


async def test_the_pool_tells_questions_from_passages(make_folder: MakeFolder) -> None:
    embedder = load_embedder(str(make_folder("e5")), 1)
    pool = EmbeddingPool(lambda: embedder)
    assert (await pool.embed_queries(["fox"]) == embedder.embed_queries(["fox"])).all()
    assert (await pool.embed_passages(["fox"]) == embedder.embed(["fox"])).all()
    assert (await pool.embed_query("fox") != embedder.embed(["fox"])[0]).any()
    await pool.close()


def test_a_folder_without_a_tokenizer_is_a_configuration_error(make_folder: MakeFolder) -> None:
    folder = make_folder()
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ConfigurationError, match=r"EMBEDDING_MODEL: .*tokenizer\.json"):
        load_embedder(str(folder), 1)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"1_Pooling__config": {"pooling_mode_lasttoken": True}}, "the pooling lasttoken"),
        (
            {"1_Pooling__config": {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}},
            "mean_.* cls_",
        ),
        ({"modules": [{"type": "sentence_transformers.models.Dense"}]}, "the module Dense"),
        ({"config_sentence_transformers": [1]}, "config_sentence_transformers.json .* cannot be read"),
    ],
)
def test_what_an_onnx_file_cannot_do_is_a_configuration_error(
    make_folder: MakeFolder, files: Any, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"EMBEDDING_MODEL: .*{message}"):
        load_embedder(str(make_folder(**files)), 1)


def test_a_folder_is_the_same_kind_of_embedder_as_the_shipped_model(make_folder: MakeFolder) -> None:
    assert isinstance(load_embedder(str(make_folder()), 1), OnnxEmbedder)
