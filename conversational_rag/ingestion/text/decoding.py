"""Bytes to text: is it text at all, and in which encoding."""

import codecs
import re
import unicodedata
from dataclasses import dataclass, replace

from charset_normalizer import from_bytes

# UTF-32 before UTF-16: the little-endian mark of the first begins with that of the second.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Text holds tabs, line ends, form feeds and the escape of ISO-2022; of the other control characters hardly any.
_CONTROLS = re.compile(rb"[\x01-\x07\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROL_SHARE = 0.01
_STRAY_ZERO_SHARE = 0.01  # as databases export them; UTF-16 and UTF-32 hold more
_SAMPLE_BYTES = 64 * 1024
_DETECTION_BYTES = 256 * 1024
_ISO_2022_JP = re.compile(rb"\x1b\$[@B]")
_MULTIBYTE_PER_FAULT = 20
_FEW_ACCENTS = 6
# The code pages that text files are found in; a detector that may also name exotic ones does so for short texts.
_CODE_PAGES = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874", "cp866", "cp850"),
    *("iso8859_2", "iso8859_5", "iso8859_6", "iso8859_7", "koi8_r", "koi8_u"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
]
# The Latin code pages share most places, so that the detector often takes one for another.
_LATIN_PAGES = frozenset({"cp1250", "cp1252", "cp1254", "cp1257", "iso8859_2"})
_CENTRAL_LANGUAGES = frozenset({"Croatian", "Czech", "Hungarian", "Polish", "Slovak", "Slovene"})
_BALTIC_LANGUAGES = frozenset({"Estonian", "Latvian", "Lithuanian"})
_HUNGARIAN = frozenset("őű".encode("cp1250"))  # õ and û in cp1252: no western language has both
_TURKISH, _ICELANDIC = frozenset("ığş".encode("cp1254")), frozenset("áíóúæ".encode("cp1252"))
_SIGN_AFTER_LETTER = re.compile(r"[^\W\d_]([³¹±¶¼½¾¿¡¦¬¢£¥])")  # Polish in cp1252; a single kind may be m³
_C1 = re.compile(rb"[\x80-\x9f]")  # letters in cp1250, nothing in ISO 8859-2


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the Python codec that read it, and whether that one was only guessed.

    `replaced` counts the places that are not valid in it, each of which became U+FFFD; `zeros` the stray zero bytes
    that were left out.
    """

    text: str
    encoding: str
    guessed: bool = False
    replaced: int = 0
    zeros: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the text's owner; none for a text that is what it should be."""
        notes = []
        if self.guessed:
            notes.append(f"The text is not in UTF-8: it was taken for {self.encoding}; if signs are wrong, save it so.")
        if self.replaced:
            notes.append(f"{self.replaced} places are not valid {self.encoding} and show as U+FFFD (\ufffd).")
        if self.zeros:
            notes.append(f"{self.zeros} zero bytes stood in the text and were left out.")
        return tuple(notes)


def is_text(data: bytes) -> bool:
    """Whether the bytes (the first 64 KiB decide) are text in some encoding."""
    sample = data[:_SAMPLE_BYTES]
    if _marked_encoding(sample) or _wide_encoding(sample):
        return True
    return _has_few_zeros(sample) and _has_few_controls(sample)


def decode(data: bytes) -> Decoded:
    """The text of bytes that `is_text` accepts, without its byte order mark; what cannot be decoded becomes U+FFFD."""
    encoding = _marked_encoding(data) or _wide_encoding(data[:_SAMPLE_BYTES])
    if encoding:
        return decode_as(data, encoding)
    zeros = data.count(b"\0")
    decoded = _decode_narrow(data.replace(b"\0", b"") if zeros else data)
    return replace(decoded, zeros=zeros)


def decode_as(data: bytes, encoding: str, *, guessed: bool = False) -> Decoded:
    """The text in this encoding, without its byte order mark."""
    text = data.decode(encoding, "replace").removeprefix("\ufeff")
    return Decoded(text, encoding, guessed, _replaced(data, text, encoding) if "\ufffd" in text else 0)


def _replaced(data: bytes, text: str, encoding: str) -> int:
    """The sign may also stand in the text itself, which somebody else has failed to read before."""
    try:
        written = data.count("\ufffd".encode(encoding).removeprefix("\ufeff".encode(encoding)))
    except UnicodeEncodeError:
        written = 0
    return max(0, text.count("\ufffd") - written)


def _decode_narrow(data: bytes) -> Decoded:
    if _ISO_2022_JP.search(data):
        return decode_as(data, "iso2022_jp")
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data)


def _marked_encoding(data: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)


def _wide_encoding(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: of those that read like text, the one that uses the fewest scripts.

    Without zero bytes it is neither, nor where few of them stand in bytes that are text as they are: any two letters
    of ASCII also make one sign of Chinese.
    """
    if b"\0" not in sample or (_has_few_zeros(sample) and _reads_as_bytes(sample)):
        return None
    candidates = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
    spread = {encoding: blocks for encoding in candidates if (blocks := _blocks(sample, encoding))}
    return min(spread, key=spread.__getitem__, default=None)


def _has_few_zeros(sample: bytes) -> bool:
    return sample.count(b"\0") <= len(sample) * _STRAY_ZERO_SHARE


def _has_few_controls(sample: bytes) -> bool:
    return len(_CONTROLS.findall(sample)) <= 1 + len(sample) * _CONTROL_SHARE


def _reads_as_bytes(sample: bytes) -> bool:
    """Few control characters, and little beyond ASCII: in the Chinese or Korean of UTF-16 there is much of both."""
    beyond_ascii = sum(byte > 0x7F for byte in sample)
    return _has_few_controls(sample) and beyond_ascii < len(sample) / 4


def _blocks(sample: bytes, encoding: str) -> int:
    """How many blocks of 256 code points the decoded sample touches; 0 when it does not read like text."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return 0
    odd = sum(unicodedata.category(character) in {"Cc", "Cn", "Co"} and not character.isspace() for character in text)
    plain = sum(character.isalnum() or character.isspace() for character in text)
    if odd > len(text) * _CONTROL_SHARE or plain < len(text) / 2:
        return 0
    return len({ord(character) >> 8 for character in text})


def _decode_legacy(data: bytes) -> Decoded:
    mended = decode_as(data, "utf-8")
    beyond_ascii = sum(character > "\x7f" for character in mended.text)
    if beyond_ascii > mended.text.count("\ufffd") * _MULTIBYTE_PER_FAULT:
        return mended
    return decode_as(data, _guessed_encoding(data[:_DETECTION_BYTES]), guessed=True)


def _guessed_encoding(sample: bytes) -> str:
    if _is_valid(sample, "cp1252") and _has_few_accents(sample):
        return "cp1252"
    guess = from_bytes(sample, cp_isolation=_CODE_PAGES).best()
    if guess is None:
        return "cp1252"
    return _latin_page(sample, guess.encoding, guess.language) if guess.encoding in _LATIN_PAGES else guess.encoding


def _latin_page(sample: bytes, guess: str, language: str) -> str:
    """Which of the Latin code pages it is, told by letters that only some languages have."""
    used = frozenset(sample)
    if used >= _TURKISH and not used & _ICELANDIC:
        return "cp1254"
    signs = set(_SIGN_AFTER_LETTER.findall(sample.decode("cp1252", "replace")))
    central = language in _CENTRAL_LANGUAGES and guess in {"cp1250", "iso8859_2"}
    if central or used >= _HUNGARIAN or len(signs) > 1:
        return "cp1250" if _C1.search(sample) else "iso8859_2"
    baltic = language in _BALTIC_LANGUAGES and guess == "cp1257"
    return "cp1252" if not baltic and _is_valid(sample, "cp1252") else guess


def _has_few_accents(sample: bytes) -> bool:
    """Too few signs beyond ASCII to guess from, amid Latin letters."""
    accents = [byte for byte in sample if byte > 0x7F]
    return len(accents) <= _FEW_ACCENTS and len(accents) * 2 < len(sample)


def _is_valid(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
