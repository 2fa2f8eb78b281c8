"""Character sets by the names that files give them."""

import pytest

from conversational_rag.ingestion.text.charsets import codec_of, declared_encoding, decode_named


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UTF-8", "utf-8"),
        (' "Latin1" ', "cp1252"),
        ("US-ASCII", "cp1252"),
        ("GB2312", "gb18030"),
        ("Shift_JIS", "cp932"),
        ("windows-874", "cp874"),
        ("koi8-r", "koi8-r"),
        ("rot13", None),
        ("base64", None),
        ("idna", None),
        ("punycode", None),
        ("undefined", None),
        ("unicode_escape", None),
        ("raw_unicode_escape", None),
        ("no-such-set", None),
        ("utf\0-8", None),
        ("", None),
    ],
)
def test_names_lead_to_codecs_as_in_browsers(name: str, codec: str | None) -> None:
    assert codec_of(name) == codec


@pytest.mark.parametrize(
    ("markup", "codec"),
    [
        (b"<meta charset=koi8-r>", "koi8-r"),
        (b"<META HTTP-EQUIV=x content='text/html; CharSet = windows-1251'>", "cp1251"),
        (b"<?xml version='1.0' encoding='iso-8859-2'?>", "iso8859-2"),
        (b"<p>no word of it</p>", None),
        (b" " * 5000 + b"<meta charset=koi8-r>", None),
    ],
)
def test_markup_declares_its_encoding_early(markup: bytes, codec: str | None) -> None:
    assert declared_encoding(markup) == codec


@pytest.mark.parametrize("name", ["cp1251", "utf-8", None, "no-such-set"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_known_whatever_it_is_said_to_be(name: str | None, encoding: str) -> None:
    assert decode_named("Привет, Köln".encode(encoding), name).text == "Привет, Köln"


def test_sets_that_look_like_ascii_are_believed() -> None:
    assert decode_named("日本語".encode("iso2022_jp"), "iso-2022-jp").text == "日本語"
    assert decode_named("Grüße".encode("utf-7"), "utf-7").text == "Grüße"
    assert decode_named(b"a+b", "us-ascii").text == "a+b"


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-32"])
def test_what_names_itself_in_single_bytes_is_not_in_wide_ones(name: str) -> None:
    assert decode_named("café au lait".encode("cp1252"), name).text == "café au lait"


def test_a_name_that_makes_no_sense_is_not_believed() -> None:
    text = "Grüße für fünf schöne Bäder in Köln"
    assert decode_named(text.encode("cp1252"), "euc-kr").text == text
