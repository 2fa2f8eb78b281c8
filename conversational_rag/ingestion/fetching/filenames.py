"""What a fetched page is called as a document: as its sender names it, else after its URL, with a fitting ending."""

import hashlib
import re
import unicodedata
from pathlib import PurePath
from urllib.parse import unquote

from conversational_rag.ingestion.fetching.urls import WebUrl

_PLAIN_STEP = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_HASH_DIGITS = 8
_MAX_STEM_CHARACTERS, _MAX_SUFFIX_CHARACTERS = 200, 20
_PARAMETER = re.compile(r";\s*([\w!#$&'*+.^`|~-]+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^;]*)")
_EXTENDED = re.compile(r"(utf-8|iso-8859-1)'[^']*'(.+)", re.IGNORECASE)  # the two encodings of RFC 8187
_HTML = (".html", ".htm", ".xhtml")
_RTF = (".rtf",)
# The endings that suit a media type; the first is given where the name has none of them.
_ENDINGS: dict[str, tuple[str, ...]] = {
    "text/html": _HTML,
    "application/xhtml+xml": _HTML,
    "text/plain": (".txt", ".text", ".log", ".md", ".markdown", ".csv", ".tsv", ".json", ".eml"),
    "text/markdown": (".md", ".markdown"),
    "text/x-markdown": (".md", ".markdown"),
    "text/csv": (".csv",),
    "application/json": (".json",),
    "application/pdf": (".pdf",),
    "application/msword": (".doc",),
    "application/rtf": _RTF,
    "text/rtf": _RTF,
    "application/epub+zip": (".epub",),
    "message/rfc822": (".eml",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx",),
}


def document_name(disposition: str, url: WebUrl, media_type: str) -> str:
    """A bare file name of 1 to 220 characters, from the Content-Disposition header, else the URL's path, else its host.

    An unknown `media_type` leaves the name its ending.
    """
    name = _clean(_from_disposition(disposition)) or _clean(_from_path(url.target)) or _clean(url.host)
    endings = _ENDINGS.get(media_type, ())
    suffix = PurePath(name).suffix
    if endings and suffix.lower() not in endings:
        return name[:_MAX_STEM_CHARACTERS] + endings[0]
    return name.removesuffix(suffix)[:_MAX_STEM_CHARACTERS] + suffix[:_MAX_SUFFIX_CHARACTERS]


def page_name(url: WebUrl, ending: str) -> str:
    """A bare file name for what is found at the URL, with the ending (".pdf"); no two URLs of a site share one.

    Host and path in words, as in "example.org docs index.html". A query may hold secrets: it is told apart by a few
    digits of its hash, as is whatever else words cannot tell. An ending that the URL does not have stands apart.
    """
    path, _, _ = url.target.partition("?")
    steps = path.removeprefix("/").split("/") if path != "/" else []
    name = " ".join([url.host.replace(":", "-"), *(_clean(unquote(step, errors="replace")) for step in steps)])
    stem = name.removesuffix(ending) if steps and name.endswith(ending) else f"{name} "
    if all(_PLAIN_STEP.fullmatch(step) for step in steps) and path == url.target and len(stem) <= _MAX_STEM_CHARACTERS:
        return stem + ending
    digits = hashlib.sha256(url.target.encode()).hexdigest()[:_HASH_DIGITS]
    return f"{stem[:_MAX_STEM_CHARACTERS].strip()} {digits}{ending}"


def _from_disposition(disposition: str) -> str:
    """RFC 6266: `filename*` with its encoding is better than `filename`."""
    given = {name.lower(): value.strip() for name, value in _PARAMETER.findall(disposition)}
    extended = _EXTENDED.fullmatch(given.get("filename*", ""))
    if extended:
        return unquote(extended[2], encoding=extended[1], errors="replace")
    plain = given.get("filename", "")
    return re.sub(r'\\(["\\])', r"\1", plain[1:-1]) if plain.startswith('"') else plain


def _from_path(target: str) -> str:
    path = target.partition("?")[0].rstrip("/")
    return unquote(path.rpartition("/")[2], errors="replace")


def _clean(name: str) -> str:
    """Without folders, invisible characters (one can turn the reading direction, and hide the ending), and margins."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    visible = "".join(char for char in name if unicodedata.category(char)[0] != "C")
    return " ".join(visible.split()).strip(". ")
