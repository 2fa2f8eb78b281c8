"""What a fetched page is called."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.ingestion.fetching.filenames import document_name, page_name
from conversational_rag.ingestion.fetching.urls import WebUrl


def name(disposition: str = "", path: str = "/page", media_type: str = "") -> str:
    return document_name(disposition, WebUrl("https", "www.example.org", 443, path), media_type)


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('attachment; filename="fees.pdf"', "fees.pdf"),
        ("attachment; filename=fees.pdf", "fees.pdf"),
        ("inline;FileName = fees.pdf ; size=5", "fees.pdf"),
        ('attachment; filename="a; b.pdf"; x=1', "a; b.pdf"),
        (r'attachment; filename="the \"new\" fees.pdf"', 'the "new" fees.pdf'),
        ("attachment; filename*=UTF-8''Geb%C3%BChren.pdf", "Gebühren.pdf"),
        ("attachment; filename*=iso-8859-1'en'Geb%FChren.pdf", "Gebühren.pdf"),
        ("attachment; filename=\"plain.pdf\"; filename*=utf-8''better%20one.pdf", "better one.pdf"),
        ("attachment; filename*=utf-8''better.pdf; filename=plain.pdf", "better.pdf"),
        ("attachment; filename*=utf-7''odd.pdf; filename=plain.pdf", "plain.pdf"),
        ("attachment; filename*=rot13''odd.pdf", "page"),
        ("attachment; filename=\"x; filename*=utf-8''inner.pdf\"", "x; filename_=utf-8''inner.pdf".replace("_", "*")),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        (r'attachment; filename="C:\Users\me\fees.pdf"', "fees.pdf"),
        ("attachment; filename*=utf-8''..%2F..%5Cfees.pdf", "fees.pdf"),
        ("attachment; filename*=utf-8''a%00b%0D%0Ac.pdf", "abc.pdf"),
        ("attachment; filename*=utf-8''fees%E2%80%AEfdp.exe", "feesfdp.exe"),
        ("attachment; filename*=utf-8''%FF.pdf", "\N{REPLACEMENT CHARACTER}.pdf"),
        ('attachment; filename=".htaccess"', "htaccess"),
        *[(f'attachment; filename="{nothing}"', "page") for nothing in ("", "..", "/", "a/", " . ", "\u200b", "\\")],
        *[(nothing, "page") for nothing in ("attachment", "", ";;;", "filename=x.pdf", "attachment; filename")],
    ],
)
def test_the_sender_names_it(disposition: str, filename: str) -> None:
    assert name(disposition) == filename


@pytest.mark.parametrize(
    ("path", "filename"),
    [
        ("/a/fees.pdf", "fees.pdf"),
        ("/a/fees.pdf?version=2/x.txt", "fees.pdf"),
        ("/a/b/", "b"),
        ("/", "www.example.org"),
        ("/?q=1", "www.example.org"),
        ("/Geb%C3%BChren%202026.pdf", "Gebühren 2026.pdf"),
        ("/a%2Fb%5Cc.pdf", "c.pdf"),
        ("/..", "www.example.org"),
        ("/%2e%2e%2f", "www.example.org"),
        ("/%00%0A", "www.example.org"),
    ],
)
def test_else_its_path_or_its_host_names_it(path: str, filename: str) -> None:
    assert name(path=path) == filename


@pytest.mark.parametrize(
    ("path", "media_type", "filename"),
    [
        ("/", "text/html", "www.example.org.html"),
        ("/docs/", "text/html", "docs.html"),
        ("/index.php", "text/html", "index.php.html"),
        ("/INDEX.HTM", "text/html", "INDEX.HTM"),
        ("/Node.js", "application/xhtml+xml", "Node.js.html"),
        ("/report.pdf", "text/html", "report.pdf.html"),
        ("/report", "application/pdf", "report.pdf"),
        ("/robots", "text/plain", "robots.txt"),
        ("/README.md", "text/plain", "README.md"),
        ("/prices", "text/csv", "prices.csv"),
        ("/v1/items", "application/json", "items.json"),
        ("/letter", "application/msword", "letter.doc"),
        ("/letter", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "letter.docx"),
        ("/letter.docx", "application/octet-stream", "letter.docx"),
        ("/letter.docx", "", "letter.docx"),
        ("/picture.png", "image/png", "picture.png"),
    ],
)
def test_the_ending_fits_the_media_type(path: str, media_type: str, filename: str) -> None:
    assert name(path=path, media_type=media_type) == filename


def test_a_long_name_keeps_its_ending() -> None:
    assert name(path=f"/{'a' * 1000}.pdf", media_type="application/pdf") == "a" * 200 + ".pdf"
    assert name(path=f"/{'a' * 1000}", media_type="text/html") == "a" * 200 + ".html"
    assert len(name(path=f"/a.{'b' * 1000}")) == 21


@given(st.text(max_size=80), st.text(max_size=40), st.sampled_from(["", "text/html", "application/pdf"]))
def test_any_name_is_a_bare_one_that_can_be_shown(given_name: str, path: str, media_type: str) -> None:
    for disposition in (given_name, f'attachment; filename="{given_name}"', f"x; filename*=utf-8''{given_name}"):
        filename = name(disposition, f"/{path}", media_type)
        assert 0 < len(filename) <= 220
        assert not {"/", "\\"} & set(filename)
        assert all(unicodedata.category(char)[0] != "C" for char in filename)
        assert filename not in (".", "..")
        assert filename == filename.strip()


@pytest.mark.parametrize(
    ("url", "ending", "filename"),
    [
        ("https://example.org/docs/index.html", ".html", "example.org docs index.html"),
        ("https://example.org/fees.pdf", ".pdf", "example.org fees.pdf"),
        ("https://example.org/wiki/Harbour_Bridge", ".html", "example.org wiki Harbour_Bridge .html"),
        ("https://example.org/", ".html", "example.org .html"),
        ("https://93.184.216.34/notes.txt", ".txt", "93.184.216.34 notes.txt"),
    ],
)
def test_a_page_is_named_after_its_url_in_words(url: str, ending: str, filename: str) -> None:
    assert page_name(WebUrl.parse(url), ending) == filename


def test_no_two_urls_of_a_site_share_a_name() -> None:
    paths = (
        "/", "/a", "/a/", "/a.html", "/a/index.html", "/a%20b", "/a/b", "/a?x=1", "/a?x=2", "/a%2Fb", "/.html",
        "/a/.html", "//a", "/a//", "/A", "/%41", "/b%C3%BC", "/" + "a" * 300, "/" + "a" * 301, "/a?", "/a .html",
    )  # fmt: skip
    names = {page_name(WebUrl("https", "example.org", 443, path), ".html") for path in paths}
    assert len(names) == len(paths)


def test_a_page_name_tells_no_query_and_holds_no_folder() -> None:
    shown = page_name(WebUrl.parse("https://example.org/a%2F..%2Fb%00c?token=sesame"), ".html")
    assert "sesame" not in shown
    assert not set("/\\\0") & set(shown)
