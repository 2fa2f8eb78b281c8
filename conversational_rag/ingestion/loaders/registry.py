"""Which loader reads which kind; its module, and its library, are imported when the first such file comes."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import cast

from conversational_rag.ingestion.loaders.base import Kind, Loader

LOADERS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.PDF: "conversational_rag.ingestion.loaders.pdf",
        Kind.DOCX: "conversational_rag.ingestion.loaders.docx",
        Kind.DOC: "conversational_rag.ingestion.loaders.doc",
        Kind.MD: "conversational_rag.ingestion.loaders.markdown",
        Kind.TXT: "conversational_rag.ingestion.loaders.text",
        Kind.HTML: "conversational_rag.ingestion.loaders.html",
        Kind.CSV: "conversational_rag.ingestion.loaders.csv",
        Kind.JSON: "conversational_rag.ingestion.loaders.json",
        Kind.XLSX: "conversational_rag.ingestion.loaders.xlsx",
        Kind.PPTX: "conversational_rag.ingestion.loaders.pptx",
        Kind.EPUB: "conversational_rag.ingestion.loaders.epub",
        Kind.RTF: "conversational_rag.ingestion.loaders.rtf",
        Kind.ODT: "conversational_rag.ingestion.loaders.odt",
        Kind.EML: "conversational_rag.ingestion.loaders.eml",
    }
)


def loader_of(kind: Kind) -> Loader:
    """The function that reads this kind of file."""
    return cast(Loader, import_module(LOADERS[kind]).load)
