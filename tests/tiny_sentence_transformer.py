"""A sentence-transformers model of random weights, saved as that package saves one; needs it to be installed."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

needs_sentence_transformers = pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None,
    reason="NOT TESTED: the embedder of sentence-transformers; it needs requirements-sentence-transformers.txt",
)


def save_sentence_transformer(folder: Path, words: Sequence[str], **prompts: str) -> Path:
    """A tiny BERT that knows these words; `prompts` are those that stand before texts."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    torch.manual_seed(0)
    _save_bert(folder / "bert", ["[PAD]", "[UNK]", "[SEP]", *sorted(set(words))])
    modules: list[Any] = [Transformer(str(folder / "bert")), Pooling(32)]
    SentenceTransformer(modules=modules, device="cpu", prompts=prompts or None).save(str(folder / "tiny"))
    return folder / "tiny"


def _save_bert(folder: Path, vocabulary: list[str]) -> None:
    from tokenizers import Tokenizer, pre_tokenizers, processors
    from tokenizers.models import WordLevel
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A [SEP]", special_tokens=[("[SEP]", 2)])
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(vocabulary), **shape)).save_pretrained(folder)
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "model_max_length": 256}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
