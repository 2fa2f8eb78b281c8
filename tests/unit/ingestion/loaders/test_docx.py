"""DOCX files, made by the tests, through the loader."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from files.makers import make_bomb_docx, make_docx, make_docx_of_xml, make_zip, replace_members

from conversational_rag.errors import ParsingLimit, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind
from conversational_rag.ingestion.loaders.docx import load

Place = Callable[[bytes, str], Path]
Read = Callable[[bytes], str]
NOTES = '<w:{0}s xmlns:w="{1}"><w:{0} w:type="separator" w:id="0"/><w:{0} w:id="7">{2}</w:{0}></w:{0}s>'
MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATION = (
    '<Relationship Id="{0}" Target="{1}" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{2}"/></Relationships>'
)


@pytest.fixture
def read(place: Place) -> Read:
    return lambda data: load(place(data, "a.docx"), Limits()).pages[0].text


def paragraph(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def field(instruction: str, *result: str) -> str:
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    code = f"<w:r><w:instrText>{instruction}</w:instrText></w:r>"
    return mark.format("begin") + code + mark.format("separate") + "".join(result) + mark.format("end")


def row(*cells: str) -> str:
    return f"<w:tr>{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr>"


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


def with_notes(body: str, kind: str, text: str) -> bytes:
    """A document with one note of this kind, whose id is 7."""
    notes = NOTES.format(kind, MAIN, paragraph(run(text)))
    document = make_docx_of_xml(body, {f"word/{kind}s.xml": notes})
    return _related(document, f"{kind}s.xml", f"{kind}s")


def test_paragraphs_and_tables_come_in_the_order_of_reading(place: Place) -> None:
    data = make_docx(["First.", "Second."], [["fruit", "price"], ["quince", "7 euro"]], header="Top", footer="Bottom")
    document = load(place(data, "a.docx"), Limits())
    assert (document.kind, document.page_count, len(document.pages)) == (Kind.DOCX, None, 1)
    assert document.pages[0].number is None
    assert document.pages[0].text == "Top\n\nFirst.\n\nSecond.\n\nfruit | price\nquince | 7 euro\n\nBottom"


def test_what_stands_between_two_tables_stays_there(read: Read) -> None:
    body = paragraph(run("a")) + table(row(paragraph(run("b")))) + paragraph(run("c")) + table(row(paragraph(run("d"))))
    assert read(make_docx_of_xml(body)).split() == ["a", "b", "c", "d"]


def test_merged_cells_are_not_repeated_and_empty_ones_keep_their_place(read: Read) -> None:
    wide = '<w:tcPr><w:gridSpan w:val="2"/></w:tcPr>' + paragraph(run("both"))
    continued = "<w:tcPr><w:vMerge/></w:tcPr><w:p/>"
    rows = [row(wide, paragraph(run("c"))), row(continued, "<w:p/>", paragraph(run("d"))), row("<w:p/>", "<w:p/>")]
    assert read(make_docx_of_xml(table(*rows))) == "both | c\n |  | d"


def test_a_table_inside_a_cell_stays_in_its_row(read: Read) -> None:
    inner = table(row(paragraph(run("1")), paragraph(run("2"))), row(paragraph(run("3")), paragraph(run("4"))))
    outer = table(row(paragraph(run("left")), inner + paragraph(run("after"))))
    assert read(make_docx_of_xml(outer)) == "left | 1 | 2; 3 | 4 after"


def test_tracked_insertions_are_kept_and_deletions_left_out(read: Read) -> None:
    deleted = '<w:del w:id="1"><w:r><w:delText>old </w:delText></w:r></w:del>'
    inserted = f'<w:ins w:id="2">{run("new ")}</w:ins>'
    moved = f'<w:moveFrom w:id="3">{run("gone ")}</w:moveFrom>'
    gone_row = f"<w:tr><w:trPr><w:del/></w:trPr><w:tc>{paragraph(run('gone row'))}</w:tc></w:tr>"
    body = paragraph(run("The "), deleted, inserted, moved, run("text")) + table(gone_row, row(paragraph(run("kept"))))
    assert read(make_docx_of_xml(body)) == "The new text\n\nkept"


def test_hidden_text_is_left_out(read: Read) -> None:
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>never shown </w:t></w:r>"
    shown = '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>shown</w:t></w:r>'
    assert read(make_docx_of_xml(paragraph(hidden, shown))) == "shown"


def test_links_content_controls_and_signs_are_read(read: Read) -> None:
    link = f"<w:hyperlink>{run('a link')}</w:hyperlink>"
    control = f"<w:sdt><w:sdtContent>{run(' in a control')}</w:sdtContent></w:sdt>"
    signs = "<w:r><w:tab/><w:t>x</w:t><w:noBreakHyphen/><w:t>y</w:t><w:softHyphen/><w:br/><w:t>z</w:t></w:r>"
    block = f"<w:sdt><w:sdtContent>{paragraph(run('controlled block'))}</w:sdtContent></w:sdt>"
    formula = "<m:oMath><m:r><m:t>E=mc²</m:t></m:r></m:oMath>"
    body = paragraph(link, control, signs) + block + paragraph(formula)
    assert read(make_docx_of_xml(body)) == "a link in a control\tx-y\nz\n\ncontrolled block\n\nE=mc²"


def test_a_field_shows_its_result_but_no_page_number(read: Read) -> None:
    simple = f'<w:fldSimple w:instr=" PAGE ">{run("12")}</w:fldSimple>'
    nested = field("IF 1 ", field(" REF a ", run("inner")), run(" outer"))
    numbers = (simple, field("NUMPAGES", run("99")))
    body = paragraph(field(" HYPERLINK x ", run("shown ")), nested, run(" page "), *numbers)
    assert read(make_docx_of_xml(body)) == "shown inner outer page"


def test_a_text_box_is_read_once_after_its_paragraph(read: Read) -> None:
    content = f"<w:txbxContent>{paragraph(run('boxed'))}</w:txbxContent>"
    both = f"<mc:Choice>{content}</mc:Choice><mc:Fallback>{content}</mc:Fallback>"
    box = f"<w:r><mc:AlternateContent>{both}</mc:AlternateContent></w:r>"
    assert read(make_docx_of_xml(paragraph(run("anchor"), box))) == "anchor\n\nboxed"


@pytest.mark.parametrize("kind", ["footnote", "endnote"])
def test_a_note_follows_the_paragraph_that_refers_to_it(read: Read, kind: str) -> None:
    body = paragraph(run("Claim."), f'<w:r><w:{kind}Reference w:id="7"/></w:r>') + paragraph(run("Next."))
    assert read(with_notes(body, kind, "The proof.")) == "Claim.\n\nThe proof.\n\nNext."


def test_the_same_header_of_many_sections_stands_once(read: Read) -> None:
    header = '<w:hdr xmlns:w="{}">{}</w:hdr>'
    document = make_docx(["Body."], header="Report")
    for name in ("header8.xml", "header9.xml"):
        text = "Report" if name == "header8.xml" else "12"
        document = replace_members(document, {f"word/{name}": header.format(MAIN, paragraph(run(text)))})
        document = _related(document, name, "header")
    assert read(document) == "Report\n\nBody."


def test_a_document_with_macros_or_of_the_strict_standard_is_read(read: Read, place: Place) -> None:
    data = make_docx(["Text."])
    types = _member(data, "[Content_Types].xml").replace(
        "wordprocessingml.document.main+xml", "wordprocessingml.macroEnabled.main+xml"
    )
    assert read(replace_members(data, {"[Content_Types].xml": types})) == "Text."
    strict = {
        name: _member(data, name)
        .replace("http://schemas.openxmlformats.org/officeDocument/2006", "http://purl.oclc.org/ooxml/officeDocument")
        .replace(
            "http://schemas.openxmlformats.org/wordprocessingml/2006", "http://purl.oclc.org/ooxml/wordprocessingml"
        )
        for name in ("_rels/.rels", "word/document.xml", "word/_rels/document.xml.rels")
    }
    assert read(replace_members(data, strict)) == "Text."


def test_a_relation_that_leads_nowhere_does_no_harm(read: Read) -> None:
    data = _related(make_docx(["Text."], header="Top"), "NULL", "image")
    assert read(data) == "Top\n\nText."


def test_no_text_is_no_error(place: Place) -> None:
    assert load(place(make_docx([]), "a.docx"), Limits()).characters == 0


@pytest.mark.parametrize("characters", [30_000_000, 150_000_000])
def test_a_bomb_is_refused_before_it_is_unpacked(place: Place, characters: int) -> None:
    with pytest.raises(ParsingLimit, match="unpacks"):
        load(place(make_bomb_docx(characters), "a.docx"), Limits())


def test_too_many_parts_are_refused(place: Place) -> None:
    members = {f"word/media/{number}.png": b"" for number in range(300)}
    with pytest.raises(ParsingLimit, match="300 parts"):
        load(place(make_zip(members), "a.docx"), Limits(parts=200))


@pytest.mark.parametrize(
    "data",
    [
        make_docx(["Text."])[:500],
        make_zip({"word/document.xml": "<w:document"}),
        make_zip({"word/media/image.png": "x"}),
        replace_members(make_docx(["Text."]), {"word/document.xml": "not XML"}),
        replace_members(make_docx(["Text."]), {"word/document.xml": None}),
        replace_members(make_docx(["Text."]), {"_rels/.rels": "<broken"}),
        make_docx_of_xml("<w:p>" * 300 + "</w:p>" * 300),
        b"",
    ],
)
def test_damage_is_a_clear_error(place: Place, data: bytes) -> None:
    with pytest.raises(UnreadableFile) as failure:
        load(place(data, "a.docx"), Limits())
    assert failure.value.__cause__ is not None
    assert "a.docx" not in failure.value.detail


def test_entities_are_not_followed(read: Read, place: Place) -> None:
    secret = place(b"the secret", "secret.txt")
    document = (
        f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        f'<w:document xmlns:w="{MAIN}"><w:body>{paragraph(run("before &x; after"))}</w:body></w:document>'
    )
    assert "secret" not in read(replace_members(make_docx([]), {"word/document.xml": document}))


def _member(archive: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(archive)).read(name).decode()


def _related(document: bytes, target: str, kind: str) -> bytes:
    """The document with one more relation of its main part."""
    name = "word/_rels/document.xml.rels"
    relation = RELATION.format(f"rId{target.removesuffix('.xml')}", target, kind)
    return replace_members(document, {name: _member(document, name).replace("</Relationships>", relation)})
