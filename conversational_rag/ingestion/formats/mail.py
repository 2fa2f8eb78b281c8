"""A message as mail programs save it: its header lines, what it says, and the names of what is attached."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from typing import TypeAlias

from conversational_rag.errors import EncryptedFile, UnreadableFile
from conversational_rag.ingestion.formats.markup import sections
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.text.characters import clean, spell_out
from conversational_rag.ingestion.text.charsets import decode_named
from conversational_rag.ingestion.text.decoding import decode

_TOLD_HEADERS = ("Subject", "From", "To", "Cc", "Date")
_HEADERS = frozenset({*map(str.lower, _TOLD_HEADERS), "received", "message-id", "mime-version", "return-path"})
_TEXTS = frozenset({"text/plain", "text/html"})
_SIGNATURES = re.compile(r"application/(?:pgp-signature|(?:x-)?pkcs7-signature)")
_SOFT_LINE_END = re.compile(r"(?<!\n--) \n(?![>\n])")
_SURROGATE = re.compile("[\udc80-\udcff]")
_LONGEST_CODED = 100_000  # characters: decoding a header takes quadratic time
_AROUND = b" \t\r\n\xef\xbb\xbf"

Part: TypeAlias = "Message[str, str]"


@dataclass(slots=True)
class Letter:
    """One message: the outermost, or one that was forwarded within it."""

    subject: str
    blocks: list[str] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Header lines, texts and names of attachments in the order of the message."""
        return "\n\n".join(filter(None, self.blocks))


def read_letters(data: bytes, limits: Limits) -> list[Letter]:
    """The message, and behind it those inside it. Of one text in several forms, the plain one is read.

    Raises UnreadableFile for what has no header, EncryptedFile, ParsingLimit (`limits.parts` parts), and what
    the email package raises for headers that it does not understand.
    """
    # Not policy.default: its parsing of headers is slow, and raises on many a header that spam and old programs write.
    message = message_from_bytes(data.lstrip(_AROUND))
    if not _HEADERS.intersection(name.lower() for name in message):
        raise UnreadableFile("The file has none of the headers of a message; save it from the mail program again.")
    if message.get_content_type() == "multipart/encrypted" or message.get_param("smime-type") == "enveloped-data":
        raise EncryptedFile("The message is encrypted; save it decrypted, as PDF or text, and upload that.")
    return _Reader(limits).read(message)


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self._limits, self._characters = limits, 0
        self._letters: list[Letter] = []

    def read(self, message: Part) -> list[Letter]:
        waiting = [(message, self._begin_letter(message), True)]
        parts = 0
        while waiting:
            part, letter, is_told = waiting.pop()
            parts += 1
            self._limits.check_parts(parts)
            inner = _parts(part)
            if part.get_content_type() == "message/rfc822" and inner:
                waiting.append((inner[0], self._begin_letter(inner[0]), is_told))
            elif inner:
                told = _preferred(inner) if part.get_content_type() == "multipart/alternative" else inner
                waiting += [(one, letter, is_told and one in told) for one in reversed(inner)]
            else:
                self._read_leaf(part, letter, is_told=is_told)
        return self._letters

    def _begin_letter(self, message: Part) -> Letter:
        raw = {name.lower(): value for name, value in reversed(list(message.raw_items()))}
        headers = {name: _decoded(raw[name.lower()]) for name in _TOLD_HEADERS if name.lower() in raw}
        letter = Letter(headers.get("Subject", ""))
        self._tell(letter, "\n".join(f"{name}: {value}" for name, value in headers.items() if value))
        self._letters.append(letter)
        return letter

    def _read_leaf(self, part: Part, letter: Letter, *, is_told: bool) -> None:
        kind = part.get_content_type()
        if _is_text(part):
            if is_told:
                self._tell(letter, _text(part, self._limits))
        elif not _SIGNATURES.fullmatch(kind) and not _is_drawn_inside(part):
            name = " ".join(_decoded(part.get_filename() or f"unnamed, {kind}").split())
            letter.attachments.append(name)
            self._tell(letter, f"Attachment: {name}")

    def _tell(self, letter: Letter, text: str) -> None:
        self._characters += len(text)
        self._limits.check_characters(self._characters)
        letter.blocks.append(spell_out(clean(text)).strip())


def _parts(part: Part) -> list[Part]:
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []


def _preferred(forms: list[Part]) -> list[Part]:
    """Of several forms of one text the plain one, unless it is blank, else the last, which is the richest."""
    plain = (form for form in forms if form.get_content_type() == "text/plain" and _bytes(form).strip())
    rich = (form for form in reversed(forms) if form.get_content_type() == "text/html" or form.is_multipart())
    best = next(plain, None) or next(rich, None)
    return forms if best is None else [best]


def _is_text(part: Part) -> bool:
    """Also of a kind that is hardly known, unless it is called a file; a multipart whose edges are nowhere is one."""
    main, kind = part.get_content_maintype(), part.get_content_type()
    if part.get_content_disposition() == "attachment":
        return False
    return kind in _TEXTS or main == "multipart" or (main == "text" and part.get_filename() is None)


def _is_drawn_inside(part: Part) -> bool:
    """A picture that the HTML shows, as logos and smileys are."""
    is_image = part.get_content_maintype() == "image"
    return is_image and part.get_content_disposition() != "attachment" and "content-id" in part


def _text(part: Part, limits: Limits) -> str:
    data, charset = _bytes(part), part.get_content_charset()
    if part.get_content_type() == "text/html":
        return "\n\n".join(section.text for section in sections(data, encoding=charset, limits=limits))
    text = clean(decode_named(data, charset).text)
    if str(part.get_param("format")).lower() == "flowed":
        text = _SOFT_LINE_END.sub("" if str(part.get_param("delsp")).lower() == "yes" else " ", text)
    return text


def _bytes(part: Part) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _decoded(header: object) -> str:
    """A header's words; bytes beyond ASCII that stand in it as they are, are decoded by their looks."""
    text = str(header)
    if _SURROGATE.search(text):
        text = decode(text.encode("utf-8", "surrogateescape")).text
    try:
        words = "".join(_decoded_words(text)) if len(text) < _LONGEST_CODED else text
    except (HeaderParseError, ValueError):
        words = text
    return " ".join(words.split())


def _decoded_words(text: str) -> Iterator[str]:
    for words, charset in decode_header(text):
        if isinstance(words, str):
            yield words
        else:
            yield decode_named(words, charset).text if charset else words.decode("raw-unicode-escape")
