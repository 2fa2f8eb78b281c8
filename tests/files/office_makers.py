"""Makers of workbooks and presentations: packages as Office writes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from files.makers import make_zip

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DRAWING = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    f'xmlns:r="{_OFFICE}" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)


@dataclass(frozen=True, slots=True)
class Styled:
    """A number under a number format."""

    value: float
    format_code: str


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula, and its result where a program has stored one."""

    code: str
    result: float | str | None


CellValue = str | float | bool | Styled | Formula | None


def make_xlsx(
    sheets: Mapping[str, Sequence[Sequence[CellValue]]],
    *,
    hidden: Iterable[str] = (),
    merged: Iterable[str] = (),
    since_1904: bool = False,
) -> bytes:
    """A workbook of these sheets, each a list of rows; `merged` are ranges of its first sheet."""
    strings: list[str] = []
    codes: list[str] = []
    markup = [_sheet_markup(rows, strings, codes) for rows in sheets.values()]
    markup[0] += f"<mergeCells>{''.join(f'<mergeCell ref={quoteattr(ref)}/>' for ref in merged)}</mergeCells>"
    return make_xlsx_of_xml(dict(zip(sheets, markup, strict=True)), strings, codes, hidden, since_1904=since_1904)


def make_xlsx_of_xml(
    sheets: Mapping[str, str],
    strings: Sequence[str] = (),
    codes: Sequence[str] = (),
    hidden: Iterable[str] = (),
    *,
    since_1904: bool = False,
    doctype: str = "",
) -> bytes:
    """A workbook whose sheets hold this markup; a string that begins with `<` is markup too."""
    hidden = set(hidden)
    entries = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n + 40}" r:id="rId{n}"{_state(name in hidden)}/>'
        for n, name in enumerate(sheets, 1)
    )
    workbook = f'<workbookPr date1904="{int(since_1904)}"/><sheets>{entries}</sheets>'
    targets = {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)}
    targets |= {"rIdS": ("sharedStrings", "sharedStrings.xml"), "rIdF": ("styles", "styles.xml")}
    formats = "".join(f'<numFmt numFmtId="{164 + n}" formatCode={quoteattr(code)}/>' for n, code in enumerate(codes))
    styles = "".join(f'<xf numFmtId="{164 + n}" applyNumberFormat="1"/>' for n in range(len(codes)))
    items = "".join(f"<si>{text if text[:1] == '<' else _text(text)}</si>" for text in strings)
    return make_zip(
        {
            "[Content_Types].xml": f"{HEAD}<Types/>",
            "_rels/.rels": relationships({"rId1": ("officeDocument", "xl/workbook.xml")}),
            "xl/workbook.xml": f'{HEAD}<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}">{workbook}</workbook>',
            "xl/_rels/workbook.xml.rels": relationships(targets),
            "xl/sharedStrings.xml": f'{HEAD}<sst xmlns="{_SHEET}">{items}</sst>',
            "xl/styles.xml": f'{HEAD}<styleSheet xmlns="{_SHEET}"><numFmts>{formats}</numFmts>'
            f'<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>{styles}</cellXfs>'
            "</styleSheet>",
            **{
                f"xl/worksheets/sheet{n}.xml": f'{HEAD}{doctype}<worksheet xmlns="{_SHEET}">{markup}</worksheet>'
                for n, markup in enumerate(sheets.values(), 1)
            },
        }
    )


def make_pptx(
    slides: Sequence[str],
    *,
    notes: Mapping[int, str] | None = None,
    hidden: Iterable[int] = (),
    diagrams: Mapping[int, str] | None = None,
    listed: Sequence[int] | None = None,
) -> bytes:
    """A presentation of slides with this markup of shapes; numbers of slides count from 1.

    `notes` and `diagrams` hold text by slide; `listed` is the order of the slides, where it is not that of the files.
    """
    hidden, count = set(hidden), len(slides)
    order = listed or range(1, count + 1)
    entries = "".join(f'<p:sldId id="{256 + n}" r:id="rId{n}"/>' for n in order)
    members = {
        "[Content_Types].xml": f"{HEAD}<Types/>",
        "_rels/.rels": relationships({"rId1": ("officeDocument", "/ppt/presentation.xml")}),
        "ppt/presentation.xml": f"{HEAD}<p:presentation {_DRAWING}><p:sldIdLst>{entries}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relationships(
            {f"rId{n}": ("slide", f"slides/slide{n}.xml") for n in range(1, count + 1)}
        ),
    }
    for n, shapes in enumerate(slides, 1):
        targets = {}
        if n in (notes or {}):
            body = shape((notes or {})[n], "body") + shape(str(n), "sldNum")
            members[f"ppt/notesSlides/notesSlide{n}.xml"] = _slide("notes", body)
            targets["rId1"] = ("notesSlide", f"../notesSlides/notesSlide{n}.xml")
        if n in (diagrams or {}):
            text = f"<t>{_paragraphs((diagrams or {})[n])}</t>"
            members[f"ppt/diagrams/data{n}.xml"] = f"{HEAD}<dataModel {_DRAWING}><pt>{text}</pt></dataModel>"
            targets["rId2"] = ("diagramData", f"../diagrams/data{n}.xml")
        members[f"ppt/slides/slide{n}.xml"] = _slide("sld", shapes, ' show="0"' if n in hidden else "")
        members[f"ppt/slides/_rels/slide{n}.xml.rels"] = relationships(targets)
    return make_zip(members)


def shape(text: str, placeholder: str = "") -> str:
    """A shape with a paragraph for each line."""
    mark = f"<p:ph type={quoteattr(placeholder)}/>" if placeholder else ""
    name = f'<p:cNvPr id="2" name="Shape 1"/><p:cNvSpPr/><p:nvPr>{mark}</p:nvPr>'
    return f"<p:sp><p:nvSpPr>{name}</p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>{_paragraphs(text)}</p:txBody></p:sp>"


def group(*shapes: str) -> str:
    return f'<p:grpSp><p:nvGrpSpPr><p:cNvPr id="3" name="Group"/></p:nvGrpSpPr><p:grpSpPr/>{"".join(shapes)}</p:grpSp>'


def slide_table(rows: Sequence[Sequence[str]]) -> str:
    cells = ("".join(f"<a:tc><a:txBody>{_paragraphs(text)}</a:txBody></a:tc>" for text in row) for row in rows)
    table = "".join(f'<a:tr h="1">{row}</a:tr>' for row in cells)
    graphic = f"<a:graphic><a:graphicData><a:tbl>{table}</a:tbl></a:graphicData></a:graphic>"
    return f"<p:graphicFrame><p:xfrm/>{graphic}</p:graphicFrame>"


def relationships(targets: Mapping[str, tuple[str, str]]) -> str:
    """A part of relationships: by id, the last word of its type and its target."""
    entries = (
        f'<Relationship Id="{id}" Type="{_OFFICE}/{kind}" Target={quoteattr(target)}/>'
        for id, (kind, target) in targets.items()
    )
    names = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'{HEAD}<Relationships xmlns="{names}">{"".join(entries)}</Relationships>'


def billion_laughs(root: str) -> str:
    """A document type whose entity `lol9` would unfold to three billion letters."""
    nested = (f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE {root} [<!ENTITY lol0 "lol">{"".join(nested)}]>'


def _sheet_markup(rows: Sequence[Sequence[CellValue]], strings: list[str], codes: list[str]) -> str:
    lines = []
    for number, row in enumerate(rows, 1):
        cells = (_cell(f"{chr(64 + n)}{number}", value, strings, codes) for n, value in enumerate(row, 1))
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return f"<sheetData>{''.join(lines)}</sheetData>"


def _cell(reference: str, value: CellValue, strings: list[str], codes: list[str]) -> str:
    if value is None:
        return f'<c r="{reference}" s="0"/>'
    if isinstance(value, str):
        strings.append(value)
        return f'<c r="{reference}" t="s"><v>{len(strings) - 1}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, Styled):
        codes.append(value.format_code)
        return f'<c r="{reference}" s="{len(codes)}"><v>{value.value}</v></c>'
    if isinstance(value, Formula):
        kind = ' t="str"' if isinstance(value.result, str) else ""
        result = "" if value.result is None else f"<v>{escape(str(value.result))}</v>"
        return f'<c r="{reference}"{kind}><f>{escape(value.code)}</f>{result}</c>'
    return f'<c r="{reference}"><v>{value!r}</v></c>'


def _text(text: str) -> str:
    return f'<t xml:space="preserve">{escape(text)}</t>'


def _state(is_hidden: bool) -> str:
    return ' state="hidden"' if is_hidden else ""


def _slide(name: str, shapes: str, attributes: str = "") -> str:
    tree = f"<p:cSld><p:spTree><p:nvGrpSpPr/><p:grpSpPr/>{shapes}</p:spTree></p:cSld>"
    return f"{HEAD}<p:{name} {_DRAWING}{attributes}>{tree}</p:{name}>"


def _paragraphs(text: str) -> str:
    lines = (f"<a:r><a:rPr/><a:t>{escape(line)}</a:t></a:r>" if line else "" for line in text.split("\n"))
    return "".join(f"<a:p>{line}<a:endParaRPr/></a:p>" for line in lines)
