"""EML files."""

import base64
import email.errors
import inspect
import quopri
from collections.abc import Callable
from pathlib import Path

import pytest
from files.markup_makers import make_eml, make_multipart, make_part

from conversational_rag.errors import EncryptedFile, NoText, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders import eml
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument

Place = Callable[[bytes, str], Path]
Load = Callable[[bytes], LoadedDocument]
HEADERS = "Subject: Berth fees\nFrom: a@harbour.example\nTo: b@c.example"
PLAIN, HTML = "text/plain; charset=utf-8", "text/html; charset=utf-8"


@pytest.fixture
def load(place: Place) -> Load:
    return lambda data: eml.load(place(data, "a.eml"), Limits())


def test_a_message_begins_with_its_headers_and_is_placed_by_its_subject(load: Load) -> None:
    headers = {
        "Received": "from elsewhere",
        "Date": "Mon, 6 May 2024 09:00:00 +0200",
        "To": "b@c.example,\r\n d@e.example",
        "From": "Harbour <a@harbour.example>",
        "SUBJECT": "Berth fees",
        "Cc": "",
        "X-Spam": "no",
    }
    document = load(make_eml(b"The fee is 870.\r\n", headers))
    assert document.kind is Kind.EML
    assert document.page_count is None
    assert document.notes == ()
    (page,) = document.pages
    assert (page.number, page.place) == (None, "message Berth fees")
    assert page.text == (
        "Subject: Berth fees\nFrom: Harbour <a@harbour.example>\nTo: b@c.example, d@e.example\n"
        "Date: Mon, 6 May 2024 09:00:00 +0200\n\nThe fee is 870."
    )


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?B?R3LDvMOfZSBhdXMgS8O2bG4=?=",
        "=?iso-8859-1?Q?Gr=FC=DFe?= aus =?utf-8?q?K=C3=B6ln?=",
        "=?utf-8?Q?Gr=C3?=\r\n =?utf-8?Q?=BC=C3=9Fe_aus?= =?unknown-8bit?Q?_K=F6ln?=",
        "Grüße aus Köln",
    ],
)
def test_coded_words_in_headers_are_decoded(load: Load, subject: str) -> None:
    page = load(make_eml(b"x", {"Subject": subject})).pages[0]
    assert page.text == "Subject: Grüße aus Köln\n\nx"
    assert page.place == "message Grüße aus Köln"


@pytest.mark.parametrize("subject", ["=?utf-8?B?!?=", "=?utf-8?X?abc?=", "=?", "=?utf-8?Q?" + "=" * 50 + "?="])
def test_coded_words_that_are_broken_do_no_harm(load: Load, subject: str) -> None:
    assert load(make_eml(b"body", {"Subject": subject})).pages[0].text.endswith("body")


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "cp1252"),
        ("no-such-set", "utf-8"),
        ("us-ascii", "utf-8"),
        ("utf-8", "cp1252"),
    ],
)
@pytest.mark.parametrize("transfer", ["8bit", "base64", "quoted-printable"])
def test_wrong_charsets_are_seen_through(load: Load, charset: str, encoding: str, transfer: str) -> None:
    raw = "Grüße für 5 € aus Köln – schön".encode(encoding)
    coded = {"8bit": raw, "base64": base64.encodebytes(raw), "quoted-printable": quopri.encodestring(raw)}[transfer]
    headers = {"Subject": "s", "Content-Transfer-Encoding": transfer}
    page = load(make_eml(coded, headers, content=f"text/plain; charset={charset}")).pages[0]
    assert page.text == "Subject: s\n\nGrüße für 5 € aus Köln – schön"


def test_of_two_forms_the_plain_one_is_read(load: Load) -> None:
    forms = make_multipart([make_part(b"plain", PLAIN), make_part(b"<p>rich</p>", HTML)])
    assert load(make_eml(forms, content="multipart/alternative; boundary=edge")).pages[0].text == f"{HEADERS}\n\nplain"


def test_html_is_read_where_there_is_no_plain_text(load: Load) -> None:
    rich = "<h1>Fees</h1><table><tr><td>north<td>870 €</table><p style='display:none'>x</p>".encode()
    forms = make_multipart([make_part(b" \r\n", PLAIN), make_part(rich, HTML)])
    assert load(make_eml(forms, content="multipart/alternative; boundary=edge")).pages[0].text == (
        f"{HEADERS}\n\nFees\n\nnorth | 870 €"
    )


def test_attachments_are_named_not_read_and_noted(load: Load) -> None:
    pdf = 'application/pdf; name="=?utf-8?Q?Geb=C3=BChren.pdf?="'
    text = make_part(b"secret", PLAIN, "Content-Disposition: attachment; filename*=utf-8''gr%C3%BCn.txt")
    logo = make_part(b"GIF8", "image/gif; name=logo.gif", "Content-ID: <logo>")
    signature = make_part(b"x", "application/pgp-signature; name=signature.asc")
    parts = [make_part(b"See below.", PLAIN), make_part(b"%PDF", pdf), logo, text, signature, make_part(b"Bye", PLAIN)]
    document = load(make_eml(make_multipart(parts), content="multipart/mixed; boundary=edge"))
    assert document.pages[0].text == (
        f"{HEADERS}\n\nSee below.\n\nAttachment: Gebühren.pdf\n\nAttachment: grün.txt\n\nBye"
    )
    assert document.notes == (
        "2 attachments were not read (Gebühren.pdf, grün.txt): upload what you want to ask about as a file of its own.",
    )


def test_attachments_beside_the_form_that_is_not_read_are_named_too(load: Load) -> None:
    mixed = make_multipart([make_part(b"<p>rich</p>", HTML), make_part(b"x", "application/pdf; name=a.pdf")], "inner")
    forms = make_multipart([make_part(b"plain", PLAIN), make_part(mixed, "multipart/mixed; boundary=inner")])
    document = load(make_eml(forms, content="multipart/alternative; boundary=edge"))
    assert document.pages[0].text == f"{HEADERS}\n\nplain\n\nAttachment: a.pdf"
    assert document.notes[0].startswith("1 attachment was not read (a.pdf)")


def test_a_forwarded_message_is_a_page_of_its_own(load: Load) -> None:
    inner = make_eml(b"I asked for berths.", {"Subject": "Question", "From": "guest@d.example"})
    parts = [make_part(b"See the question.", PLAIN), make_part(inner, "message/rfc822")]
    document = load(make_eml(make_multipart(parts), content="multipart/mixed; boundary=edge"))
    assert [(page.place, page.text) for page in document.pages] == [
        ("message Berth fees", f"{HEADERS}\n\nSee the question."),
        ("message Question", "Subject: Question\nFrom: guest@d.example\n\nI asked for berths."),
    ]


def test_flowing_lines_are_joined(load: Load) -> None:
    body = b"The fee \r\nis 870.\r\n-- \r\nHarbour \r\n> quoted \r\n"
    text = load(make_eml(body, content="text/plain; format=flowed")).pages[0].text
    assert text == f"{HEADERS}\n\nThe fee is 870.\n-- \nHarbour \n> quoted"


@pytest.mark.parametrize(
    "content", ["multipart/mixed", "multipart/mixed; boundary=elsewhere", "multipart/mixed; boundary"]
)
def test_a_message_in_parts_without_edges_is_one_text(load: Load, content: str) -> None:
    assert load(make_eml(b"The fee is 870.", content=content)).pages[0].text == f"{HEADERS}\n\nThe fee is 870."


@pytest.mark.parametrize(
    "content",
    [
        "text/plain; charset*=utf-8''%E4%; name*0*=x''%",
        ";;;",
        "text",
        'text/plain; charset="',
        "text/unheard-of",
    ],
)
def test_broken_headers_do_no_harm(load: Load, content: str) -> None:
    assert load(make_eml(b"The fee is 870.", content=content)).pages[0].text.endswith("The fee is 870.")


def test_too_many_parts_are_refused(load: Load) -> None:
    parts = make_multipart([make_part(b"x", PLAIN)] * 10_000)
    with pytest.raises(ParsingLimit, match="at most 10000 are read"):
        load(make_eml(parts, content="multipart/mixed; boundary=edge"))


@pytest.mark.parametrize(
    "layer",
    [
        'Content-Type: multipart/mixed; boundary="edge{0}"\r\n\r\n--edge{0}\r\n',
        "Content-Type: message/rfc822\r\n\r\nSubject: {0}\r\n",
    ],
)
def test_deep_nesting_is_a_limit_and_not_a_crash(load: Load, layer: str) -> None:
    layers = "".join(layer.format(number) for number in range(5_000))
    with pytest.raises(ParsingLimit, match="nested"):
        load(f"Subject: x\r\n{layers}\r\ndeep".encode())


def test_a_header_without_end_takes_no_quadratic_time(load: Load) -> None:
    page = load(make_eml(b"x", {"Subject": "=?utf-8?Q?a?= " * 100_000})).pages[0]
    assert page.text.endswith("\n\nx")


def test_a_message_that_is_too_long_is_refused(place: Place) -> None:
    path = place(make_eml(b"word " * 1000), "a.eml")
    with pytest.raises(ParsingLimit):
        eml.load(path, Limits(characters=3000))


@pytest.mark.parametrize("data", [b"hello world\n\nwithout headers", b"", bytes(range(256))])
def test_what_has_no_headers_is_no_message(load: Load, data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="headers"):
        load(data)


def test_a_message_without_a_word_has_no_text(load: Load) -> None:
    with pytest.raises(NoText):
        load(make_eml(b"\r\n", {"Received": "from nowhere"}))


@pytest.mark.parametrize(
    "content",
    [
        'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=edge',
        "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
    ],
)
def test_an_encrypted_message_says_so(load: Load, content: str) -> None:
    with pytest.raises(EncryptedFile, match="decrypted"):
        load(make_eml(make_multipart([make_part(b"x", "application/octet-stream")]), content=content))


def test_every_error_of_the_library_is_covered() -> None:
    raised = [value for value in vars(email.errors).values() if inspect.isclass(value)]
    assert email.errors.HeaderParseError in raised
    assert all(issubclass(error, tuple(eml.ERRORS)) for error in raised)
    assert all("secret" not in meaning(Exception("/srv/secret")).detail for meaning in eml.ERRORS.values())
