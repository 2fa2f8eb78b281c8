"""Makes the yardstick's model: all-MiniLM-L6-v2 as sentence-transformers stores it, with random weights.

    YARDSTICK_PYTHON benchmarks/yardstick_model.py FOLDER

The published weights would have to be downloaded; random ones of the same shape cost the same: 6 layers of 384 numbers,
12 heads, 1,536 numbers between, 32 bits each, mean pooling, unit length, 256 tokens at most. The tokenizer is that of
the shipped model. What such a model finds means nothing; what it takes is all that the benchmarks ask of it.
"""

import sys
import tempfile
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

_TOKENIZER = Path(__file__).parents[1] / "conversational_rag" / "embedding" / "model" / "tokenizer.json"
_DIMENSIONS, _TOKENS = 384, 256
_SPECIAL = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}


def main() -> None:
    """Make it in the folder that is named."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as bert:
        save_bert(bert)
        modules = [Transformer(bert, max_seq_length=_TOKENS), Pooling(_DIMENSIONS), Normalize()]
        SentenceTransformer(modules=modules, device="cpu").save(sys.argv[1])


def save_bert(folder: str) -> None:
    """The bare network and its tokenizer."""
    shape = {"hidden_size": _DIMENSIONS, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
    BertModel(BertConfig(vocab_size=30522, **shape)).save_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(_TOKENIZER), model_max_length=_TOKENS, **_SPECIAL)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main()
