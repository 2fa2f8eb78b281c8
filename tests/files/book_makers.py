"""Makers of OpenDocument texts and e-books: packages as the programs write them."""

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from files.makers import make_zip
from files.office_makers import HEAD

_ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        *((name, name) for name in ("office", "text", "table", "style", "manifest")),
        *(("draw", "drawing"), ("svg", "svg-compatible")),
    )
)


def make_odt(
    body: str,
    *,
    styles: str = "",
    manifest: str = "",
    members: Mapping[str, str] | None = None,
    doctype: str = "",
) -> bytes:
    """An OpenDocument text whose body, master styles and manifest hold this markup."""
    return make_zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"{HEAD}{doctype}<office:document-content {_ODF}><office:body><office:text>{body}"
            "</office:text></office:body></office:document-content>",
            "styles.xml": f"{HEAD}<office:document-styles {_ODF}><office:master-styles>{styles}"
            "</office:master-styles></office:document-styles>",
            "META-INF/manifest.xml": f"{HEAD}<manifest:manifest {_ODF}>{manifest}</manifest:manifest>",
            **(members or {}),
        }
    )


def make_epub(
    chapters: Mapping[str, str],
    *,
    contents: Mapping[str, str] | None = None,
    ncx: Mapping[str, str] | None = None,
    members: Mapping[str, str] | None = None,
) -> bytes:
    """An e-book: the body of each chapter by its href; `contents` (EPUB 3) and `ncx` (EPUB 2) are titles by href.

    `members` adds parts to the archive, or replaces those of the same name.
    """
    items = [
        f'<item id="c{n}" href={quoteattr(h)} media-type="application/xhtml+xml"/>' for n, h in enumerate(chapters)
    ]
    references = [f'<itemref idref="c{n}"/>' for n in range(len(chapters))]
    parts = {f"OEBPS/{href}": xhtml(body) for href, body in chapters.items()}
    if contents is not None:
        items.append('<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>')
        references.insert(0, '<itemref idref="nav"/>')
        links = "".join(f"<li><a href={quoteattr(href)}>{escape(title)}</a></li>" for href, title in contents.items())
        parts["OEBPS/nav.xhtml"] = xhtml(f'<nav epub:type="toc"><h1>Contents</h1><ol>{links}</ol></nav>')
    if ncx is not None:
        items.append('<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>')
        parts["OEBPS/toc.ncx"] = _ncx(ncx)
    opf = f"<manifest>{''.join(items)}</manifest><spine>{''.join(references)}</spine>"
    return make_zip(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": f'{HEAD}<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
            '<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>'
            "</rootfiles></container>",
            "OEBPS/content.opf": f'{HEAD}<package xmlns="http://www.idpf.org/2007/opf">{opf}</package>',
            **parts,
            **(members or {}),
        }
    )


def xhtml(body: str) -> str:
    names = 'xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
    return f"{HEAD}<!DOCTYPE html>\n<html {names}><head><title/></head><body>{body}</body></html>"


def _ncx(titles: Mapping[str, str]) -> str:
    points = "".join(
        f'<navPoint id="p{n}"><navLabel><text>{escape(title)}</text></navLabel>'
        f"<content src={quoteattr(href)}/></navPoint>"
        for n, (href, title) in enumerate(titles.items())
    )
    doctype = '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">\n'
    return f'{HEAD}{doctype}<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap></ncx>'
