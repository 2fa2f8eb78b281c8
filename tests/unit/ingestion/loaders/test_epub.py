"""E-books of both versions of the format through the loader."""

from collections.abc import Callable
from pathlib import Path

import pytest
from files.book_makers import make_epub, xhtml
from files.makers import make_zip, replace_members
from files.office_makers import billion_laughs

from conversational_rag.errors import EncryptedFile, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument
from conversational_rag.ingestion.loaders.epub import load

Place = Callable[[bytes, str], Path]
Load = Callable[..., LoadedDocument]
CHAPTERS = {"one.xhtml": "<h1>I</h1><p>Ships came.</p>", "two.xhtml": "<h1>II</h1><p>Ships went.</p>"}
TITLES = {"one.xhtml": "The Harbour", "two.xhtml": "The Sea"}
ENCRYPTION = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
    '<enc:EncryptedData><enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
    '<enc:CipherData><enc:CipherReference URI="{}"/></enc:CipherData></enc:EncryptedData></encryption>'
)
NCX = "<ncx><navPoint><navLabel><text>{}</text></navLabel><content src='one.xhtml'/></navPoint></ncx>"


@pytest.fixture
def loaded(place: Place) -> Load:
    return lambda data, **limits: load(place(data, "a.epub"), Limits(**limits))


def told(document: LoadedDocument) -> list[tuple[str | None, str]]:
    return [(page.place, page.text) for page in document.pages]


HARBOUR_AND_SEA = [("chapter The Harbour", "I\n\nShips came."), ("chapter The Sea", "II\n\nShips went.")]


def test_chapters_come_in_the_order_of_the_spine_under_the_titles_of_the_contents(loaded: Load) -> None:
    document = loaded(make_epub(CHAPTERS, contents=TITLES))
    assert (document.kind, document.page_count, document.notes) == (Kind.EPUB, None, ())
    assert told(document) == HARBOUR_AND_SEA
    assert {page.number for page in document.pages} == {None}


def test_the_contents_of_older_books_are_read(loaded: Load) -> None:
    assert told(loaded(make_epub(CHAPTERS, ncx=TITLES))) == HARBOUR_AND_SEA


def test_of_two_tables_of_contents_the_newer_one_is_believed_while_it_can_be_read(loaded: Load) -> None:
    older = {"one.xhtml": "Old", "two.xhtml": "Older"}
    data = make_epub(CHAPTERS, contents=TITLES, ncx=older)
    assert told(loaded(data)) == HARBOUR_AND_SEA
    damaged = replace_members(data, {"OEBPS/nav.xhtml": "<nav>"})
    assert [page.place for page in loaded(damaged).pages] == ["chapter Old", "chapter Older"]


@pytest.mark.parametrize("members", [{}, {"OEBPS/toc.ncx": "nonsense"}, {"OEBPS/toc.ncx": None}])
def test_without_contents_the_first_headings_are_the_titles(loaded: Load, members: dict[str, str | None]) -> None:
    data = make_epub(CHAPTERS, ncx={} if members else None)
    assert [page.place for page in loaded(replace_members(data, members)).pages] == ["chapter I", "chapter II"]


def test_what_is_named_nowhere_goes_on_with_the_chapter_before(loaded: Load) -> None:
    chapters = {"cover.xhtml": "<p>By Ann.</p>", **CHAPTERS, "two_split_1.xhtml": "<h2>On</h2><p>And further.</p>"}
    assert told(loaded(make_epub(chapters, contents=TITLES))) == [
        (None, "By Ann."),
        *HARBOUR_AND_SEA,
        ("chapter The Sea", "On\n\nAnd further."),
    ]


def test_chapters_that_share_a_file_are_told_apart_by_their_headings(loaded: Load) -> None:
    body = "<h1 id='a'>The  Harbour</h1><p>a</p><h2>Ships</h2><p>b</p><h1 id='b'>THE SEA</h1><p>c</p>"
    titles = {"all.xhtml#a": "The Harbour", "all.xhtml#b": "The Sea"}
    assert told(loaded(make_epub({"all.xhtml": body}, contents=titles))) == [
        ("chapter The Harbour", "The Harbour\n\na\n\nShips\n\nb"),
        ("chapter The Sea", "THE SEA\n\nc"),
    ]


def test_names_of_files_may_be_escaped_or_lead_upwards_inside_the_book(loaded: Load) -> None:
    chapters = {"text/chapter%20one.xhtml": "", "../two.xhtml": "<p>two</p>"}
    members = {"OEBPS/text/chapter one.xhtml": xhtml("<p>one</p>"), "two.xhtml": xhtml("<p>two</p>")}
    assert [text for _place, text in told(loaded(make_epub(chapters, members=members)))] == ["one", "two"]


@pytest.mark.parametrize(
    "href", ["missing.xhtml", "../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/x", ""]
)
def test_what_is_not_in_the_book_is_left_out_and_counted(loaded: Load, href: str) -> None:
    data = make_epub({"one.xhtml": "<p>here</p>", href: ""})
    document = loaded(replace_members(data, {f"OEBPS/{href}": None}))
    assert told(document) == [(None, "here")]
    assert document.notes == ("Chapters that the e-book lists but does not hold: 1; the others were read.",)


def test_pictures_and_styles_in_the_spine_are_not_text(loaded: Load) -> None:
    data = make_epub(CHAPTERS)
    opf = (
        '<package><manifest><item id="a" href="one.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="b" href="two.xhtml" media-type="image/svg+xml"/></manifest>'
        '<spine><itemref idref="b"/><itemref idref="a" linear="no"/><itemref idref="a"/><itemref idref="z"/></spine>'
        "</package>"
    )
    assert told(loaded(replace_members(data, {"OEBPS/content.opf": opf}))) == [("chapter I", "I\n\nShips came.")]


def test_a_protected_book_is_told_from_scrambled_fonts(loaded: Load) -> None:
    book = make_epub(CHAPTERS)
    fonts = replace_members(book, {"META-INF/encryption.xml": ENCRYPTION.format("OEBPS/fonts/serif.otf")})
    assert len(loaded(fonts).pages) == 2
    protected = replace_members(book, {"META-INF/encryption.xml": ENCRYPTION.format("OEBPS/two.xhtml")})
    with pytest.raises(EncryptedFile, match="DRM"):
        loaded(protected)


@pytest.mark.parametrize(
    "members",
    [
        {"META-INF/container.xml": None},
        {"META-INF/container.xml": "nonsense"},
        {"META-INF/container.xml": "<container/>"},
        {"OEBPS/content.opf": None},
        {"OEBPS/content.opf": "<package><spine>"},
        {"OEBPS/one.xhtml": None, "OEBPS/two.xhtml": None},
    ],
)
def test_a_book_that_leads_to_no_text_is_unreadable(loaded: Load, members: dict[str, str | None]) -> None:
    with pytest.raises(UnreadableFile):
        loaded(replace_members(make_epub(CHAPTERS), members))


def test_a_book_of_pictures_has_no_pages(loaded: Load) -> None:
    assert loaded(make_epub({"cover.xhtml": '<img src="cover.jpg"/>'})).pages == ()


def test_too_many_chapters_and_too_much_text_are_refused(loaded: Load) -> None:
    with pytest.raises(ParsingLimit, match="2 chapters; at most 1"):
        loaded(make_epub(CHAPTERS), pages=1)
    with pytest.raises(ParsingLimit, match="characters"):
        loaded(make_epub({f"{n}.xhtml": f"<p>{'w ' * 500}</p>" for n in range(11)}), characters=10_000)


def test_markup_is_counted_whatever_its_ending(loaded: Load) -> None:
    with pytest.raises(ParsingLimit):
        loaded(make_epub({"one.xhtml": f"<!-- {'w ' * 20_000} -->"}), unpacked_bytes=10_000)


def test_a_bomb_is_refused_before_it_is_unpacked(loaded: Load) -> None:
    with pytest.raises(ParsingLimit, match="as no document does"):
        loaded(make_zip({"mimetype": "application/epub+zip", "a.xhtml": b" " * 40_000_000}))


def test_entities_are_neither_resolved_nor_fetched(loaded: Load, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    doctype = f'<!DOCTYPE x [<!ENTITY xxe SYSTEM "{secret.as_uri()}">]>'
    members = {
        "OEBPS/one.xhtml": f"{doctype}<html><body><h1>One &xxe;</h1><p>kept</p></body></html>",
        "OEBPS/toc.ncx": doctype + NCX.format("One &xxe;"),
    }
    (page, _two) = loaded(replace_members(make_epub(CHAPTERS, ncx=TITLES), members)).pages
    assert "kept" in page.text
    assert "secret" not in page.text + (page.place or "")


def test_a_billion_laughs_are_not_laughed(loaded: Load) -> None:
    laughing = f"{billion_laughs('html')}<html><body><p>&lol9;</p></body></html>"
    assert loaded(replace_members(make_epub(CHAPTERS), {"OEBPS/one.xhtml": laughing})).characters < 10_000
    titles = billion_laughs("ncx") + NCX.format("&lol9;")
    pages = loaded(replace_members(make_epub(CHAPTERS, ncx=TITLES), {"OEBPS/toc.ncx": titles})).pages
    assert all(len(page.place or "") < 100 for page in pages)
