"""HTML files."""

import inspect
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from files.markup_makers import make_html
from lxml import etree

from conversational_rag.errors import NoText, ParsingLimit
from conversational_rag.ingestion.formats import markup
from conversational_rag.ingestion.formats.markup import Section, sections
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders import html
from conversational_rag.ingestion.loaders.base import Kind

Place = Callable[[bytes, str], Path]


def text_of(body: str) -> str:
    return "\n---\n".join(section.text for section in sections(make_html(body)))


def test_a_page_begins_with_its_title_and_each_top_heading_is_a_place(place: Place) -> None:
    body = (
        "<p>Welcome.</p><h1>The harbour</h1><p>Founded 1847.</p>"
        "<h2>Opening\n<i>hours</i></h2><p>9 to 5</p><h3>Sunday</h3>no"
    )
    document = html.load(place(make_html(body, title="Harbour authority"), "a.html"), Limits())
    assert document.kind is Kind.HTML
    assert document.page_count is None
    assert [(page.number, page.place, page.text) for page in document.pages] == [
        (None, None, "Harbour authority\n\nWelcome."),
        (None, "section The harbour", "The harbour\n\nFounded 1847."),
        (None, "section Opening hours", "Opening hours\n\n9 to 5\n\nSunday\n\nno"),
    ]


def test_a_heading_that_only_another_one_follows_stands_above_that_ones_section() -> None:
    page = make_html("<h1>Harbour</h1><h2>Fees</h2><p>870 a week</p><h2>Links</h2>", title="Harbour")
    assert sections(page) == [Section("Fees", "Harbour\n\nFees\n\n870 a week\n\nLinks")]


def test_a_heading_without_words_begins_no_section() -> None:
    assert sections("<h1><img></h1><p>a</p><h2> </h2><p>b</p>") == [Section(None, "a\n\nb")]
    assert sections("<h2>only</h2><h2>headings</h2>") == [Section(None, "only\n\nheadings")]


def test_a_long_heading_is_cut_as_a_place_but_not_in_the_text(place: Place) -> None:
    (page,) = html.load(place(make_html(f"<h1>{'long ' * 100}</h1>x"), "a.html"), Limits()).pages
    assert page.text.count("long") == 100
    assert page.place is not None
    assert len(page.place) < 120
    assert page.place.endswith("…")


def test_a_page_that_scripts_would_write_has_no_text(place: Place) -> None:
    page = make_html('<div id="root"></div><script>draw("all of it")</script>', title="App")
    with pytest.raises(NoText, match="browser"):
        html.load(place(page, "a.html"), Limits())
    assert sections(b"") == sections("<!-- -->") == []


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>x</script>",
        "<style>x</style>",
        "<template>x</template>",
        "<noscript>x</noscript>",
        "<nav><ul><li>x</ul></nav>",
        '<div role="navigation">x</div>',
        "<div hidden>x<p>x</p></div>",
        '<p style="color: red; Display : none">x</p>',
        '<span style="visibility:hidden">x</span>',
        '<span aria-hidden="true">x</span>',
        "<svg><title>x</title><text>x</text></svg>",
        "<select><option>x</option></select>",
        "<video>x</video>",
        "<dialog>x</dialog>",
        "<!-- x -->",
        '<input hidden value="x">',
    ],
)
def test_what_a_reader_does_not_see_is_left_out_and_nothing_behind_it(hidden: str) -> None:
    assert text_of(f"<p>before</p>{hidden}<p>after</p>") == "before\n\nafter"


@pytest.mark.parametrize(
    "shown",
    [
        '<div role="tabpanel" hidden>x</div>',
        '<div role="region" style="display:none">x</div>',
        '<div hidden="until-found">x</div>',
        '<main aria-hidden="true">x</main>',
        '<div aria-hidden="true">x</div>',
        "<dialog open>x</dialog>",
        "<footer>x</footer>",
        "<details><summary>x</summary></details>",
    ],
)
def test_what_a_click_would_show_is_read(shown: str) -> None:
    assert text_of(f"<p>before</p>{shown}<p>after</p>").split() == ["before", "x", "after"]


def test_a_body_hidden_till_its_script_has_run_is_read() -> None:
    assert sections('<html hidden><body style="visibility:hidden">x</body></html>') == [Section(None, "x")]


def test_words_keep_together_and_lines_apart() -> None:
    assert text_of("one<b>word</b> and\n  <i> two </i>words<br>line<br><br>paragraph<div>a<div>b</div>c</div>") == (
        "oneword and two words\nline\n\nparagraph\na\nb\nc"
    )


def test_entities_and_soft_hyphens_and_superscripts() -> None:
    assert text_of(
        "&Auml;rger&nbsp;&amp; 5&nbsp;&euro; &#8212; Donau&shy;dampf &#x1F600; 3 m<sup>2</sup> 10<sup>-3</sup>"
    ) == ("Ärger & 5 € — Donaudampf 😀 3 m² 10⁻³")


def test_the_reading_aid_of_a_japanese_word_does_not_part_it() -> None:
    assert text_of("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>") == "漢字"


def test_lists_keep_their_bullets_numbers_and_nesting() -> None:
    body = '<ul><li>a<li><p>b</p><ol start="3"><li>x</li><li></li><li value="7">y</li></ol></li><li></ul>end'
    assert text_of(body) == "- a\n- b\n  3. x\n  7. y\n\nend"


def test_a_table_has_a_line_for_each_row() -> None:
    body = (
        "<table><caption>Fees</caption><thead><tr><th>Berth<th>Fee</thead>"
        "<tr><td>north<td><p>870<p>a week<tr><td><td><tr><td colspan=2>closed in May</table>after"
    )
    assert text_of(body) == "Fees\n\nBerth | Fee\nnorth | 870 a week\nclosed in May\n\nafter"


@pytest.mark.parametrize(
    "cell",
    [
        "<table><tr><td>a<td>b</table>after",
        "<table role=presentation><tr><td>a | b</table>after",
        "<p>a | b</p>after" + "\N{ZERO WIDTH SPACE}" * 1000,
        "<pre>a | b</pre>after",
    ],
)
def test_a_table_that_lays_out_the_page_is_told_block_by_block(cell: str) -> None:
    page = f"<table><tr><td>title<tr><td>menu</td><td>{cell}</td></tr></table>end"
    assert text_of(page).replace("\N{ZERO WIDTH SPACE}", "").split() == ["title", "menu", "a", "|", "b", "after", "end"]
    assert "menu | " not in text_of(page)


def test_a_heading_in_a_table_is_a_heading_all_the_same() -> None:
    body = "<table><tr><td>menu</td><td><h2>Fees</h2>870</td></tr></table>"
    assert sections(body) == [Section(None, "menu"), Section("Fees", "Fees\n\n870")]


def test_preformatted_text_keeps_its_lines() -> None:
    assert (
        text_of("<p>Run:</p><pre><code>if a:\n    b()\n\nc()</code></pre>then")
        == "Run:\n\nif a:\n    b()\n\nc()\n\nthen"
    )


def test_images_are_told_by_their_alternative_text() -> None:
    assert text_of('<p>See <img src="a.png" alt=" Map of the  quay ">, <img src="dot.gif" alt=""><img></p>') == (
        "See [Map of the quay],"
    )


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("utf-8", ""),
        ("utf-8-sig", '<meta charset="iso-8859-1">'),
        ("utf-8", '<meta charset="iso-8859-1">'),
        ("utf-16", ""),
        ("utf-16-le", ""),
        ("cp1252", '<meta charset="ISO-8859-1">'),
        ("cp1252", ""),
        ("cp1252", '<meta charset="utf-8">'),
        ("cp1252", '<meta charset="no-such-thing">'),
        ("cp1252", '<meta charset="rot13">'),
    ],
)
def test_the_encoding_is_found(encoding: str, head: str) -> None:
    text = "Grüße aus Köln für 5 € – schöne Straße"
    page = make_html(f"<p>{text}</p>", head=head).decode().encode(encoding)
    assert sections(page) == [Section(None, text)]


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("Привет, мир", "cp1251", "windows-1251"),
        ("שלום עולם", "cp1255", "windows-1255"),
        ("日本語のページ", "shift_jis", "x-sjis"),
        ("日本語のページ", "iso2022_jp", "iso-2022-jp"),
        ("中文网页", "gb18030", "gb2312"),
    ],
)
def test_a_declared_encoding_is_believed(text: str, encoding: str, declared: str) -> None:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">'
    assert sections(make_html(text, head=meta, encoding=encoding)) == [Section(None, text)]
    assert sections(make_html(text, encoding=encoding), encoding=declared) == [Section(None, text)]


def test_xhtml_may_write_any_empty_element_short() -> None:
    page = (
        '<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
        '<script src="a.js"/></head><body><p>Hello&nbsp;<i hidden="hidden"/>there<br/>you</p></body></html>'
    )
    assert sections(page.encode()) == [Section(None, "Hello there\nyou")]


@pytest.mark.parametrize("tag", ["div", "b", "table", "ul", "blockquote", "font"])
def test_nesting_may_be_deep_and_nothing_is_lost(tag: str) -> None:
    page = f"<{tag}>" * 100_000 + "deep" + f"</{tag}>" * 100_000 + "<p>after"
    assert " ".join(sections(page)[0].text.split()) == "deep after"


def test_lists_in_lists_are_not_indented_without_end() -> None:
    (section,) = sections("<ul><li>x" * 2_000)
    assert len(section.text) < 50_000


def test_a_page_that_is_too_long_is_refused_as_soon_as_it_is(place: Place) -> None:
    path = place(make_html("<p>word</p>" * 1000), "a.html")
    with pytest.raises(ParsingLimit, match="3000"):
        html.load(path, Limits(characters=3000))
    with pytest.raises(ParsingLimit, match="bytes"):
        html.load(path, Limits(characters=1000))


def test_a_page_of_too_many_sections_is_refused() -> None:
    with pytest.raises(ParsingLimit, match="more than 10 sections"):
        sections("<h2>a</h2>b" * 11, limits=Limits(chunks=10))


def test_a_large_page_takes_well_under_a_second() -> None:
    row = "<tr><td><a href='/x'>North quay</a></td><td>870</td></tr>"
    block = f"<h2>Fees</h2><p>The <b>harbour</b> raised &amp; raised the fee.</p><table>{row * 20}</table>"
    page = make_html(block * (1_600_000 // len(block)))
    began = time.process_time()
    assert len(sections(page)) > 1000
    assert time.process_time() - began < 2  # a third of a second on a busy core


def test_every_error_of_the_parser_is_covered() -> None:
    raised = [value for name, value in vars(etree).items() if name.endswith("Error") and inspect.isclass(value)]
    assert etree.XMLSyntaxError in raised
    assert all(issubclass(error, tuple(markup.ERRORS)) for error in raised)
    assert all("secret" not in meaning(Exception("/srv/secret")).detail for meaning in markup.ERRORS.values())
