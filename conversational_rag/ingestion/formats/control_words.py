"""RTF's control words: what each of them means for the text."""

from collections.abc import Callable, Mapping

from conversational_rag.ingestion.formats.paragraphs import Paragraphs

# Groups that hold no text of the document, or hold it a second time for other readers.
LEFT_OUT = frozenset(
    {
        *("aftnsep", "aftnsepc", "aftncn", "colortbl", "datafield", "datastore", "fldinst", "filetbl"),
        *("ftnsep", "ftnsepc", "ftncn", "info", "listtable", "listoverridetable", "nonesttables", "nonshppict"),
        *("objdata", "pict", "revtbl", "rxe", "shprslt", "sp", "stylesheet", "tc", "tcn", "themedata", "txe"),
        *("upr", "xe"),
    }
)
# Starred groups may be skipped by those who do not know them; text boxes and the ends of inner rows are in these.
STARRED_BUT_READ = frozenset({"do", "shpinst", "nesttableprops"})
APART = frozenset({"footnote", "shptxt", "dptxbxtext"})
HEADERS = frozenset({"header", "headerf", "headerl", "headerr"})
FOOTERS = frozenset({"footer", "footerf", "footerl", "footerr"})
PARAGRAPH_ENDS = frozenset({"par", "sect", "page", "column", "\n", "\r"})
TABLE_MARKS: Mapping[str, Callable[[Paragraphs], None]] = {
    "cell": Paragraphs.end_cell,
    "row": Paragraphs.end_row,
    "nestcell": Paragraphs.end_inner_cell,
    "nestrow": Paragraphs.end_inner_row,
}
SIGNS: Mapping[str, str] = {
    "tab": "\t",
    "line": "\n",
    "lbr": "\n",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "~": " ",
    "_": "-",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "zwj": "\u200d",
    "zwnj": "\u200c",
    "{": "{",
    "}": "}",
    "\\": "\\",
}
SYMBOL = "symbol"  # a font whose bytes are pictures
FONT_CHARSETS: Mapping[int, str] = {
    0: "cp1252",
    2: SYMBOL,
    77: "mac_roman",
    78: "cp932",
    79: "cp949",
    80: "gb18030",
    81: "big5",
    84: "mac_arabic",
    85: "mac_greek",
    86: "mac_turkish",
    88: "mac_latin2",
    89: "mac_cyrillic",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
DOCUMENT_CHARSETS: Mapping[str, str] = {"ansi": "cp1252", "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
