"""URLs as people and attackers write them."""

from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conversational_rag.errors import UrlRefused
from conversational_rag.ingestion.fetching.addresses import is_public
from conversational_rag.ingestion.fetching.urls import WebUrl

NO_WEB_URLS = [
    *["", " ", "example.org", "//example.org/", "/etc/passwd", "file:///etc/passwd", "gopher://example.org/_x"],
    *["ftp://example.org/", "data:text/html,x", "javascript:alert(1)", "dict://example.org:80/", "jar:http://x.org!/"],
    *["view-source:http://example.org", "unix:///run/docker.sock", "ws://example.org/", "http+unix://%2Frun%2Fsock/x"],
    *["http:", "http:/", "http://", "http:///etc/passwd", "http:example.org", "http://:80/", "http://?x", "http://#x"],
]
ODD_NUMBERS = [
    *["127.1", "127.0.1", "0", "0.0", "127", "2130706433", "0x7f.1", "0x7f000001", "0X7F.0.0.1", "0x7f.0x0.0x0.0x1"],
    *["017700000001", "0177.0.0.1", "127.0.0.01", "0127.0.0.1", "00000177.1", "127.0.0.1.0", "256.1.1.1", "1.2.3.4.5"],
    *["999999999999", "127.0.0.0x1", "8.8.2056", "0x08080808", "0x", "8.8.8.0x", "example.123", "127.0.0.256"],
]
PRIVATE_LITERALS = [
    *["127.0.0.1", "127.0.0.1.", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"],
    *["[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[fe80::1]", "[fd00::1]"],
    *["[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[::127.0.0.1]", "[FF02::1]", "168.63.129.16"],
    *["１２７.0.0.1", "①②⑦.⓪.⓪.①", "127。0。0。1", "１６９。２５４。１６９。２５４"],
]
PRIVATE_NAMES = [
    *[
        "localhost",
        "LOCALHOST",
        "localhost.",
        "intranet",
        "db",
        "printer.local",
        "metadata.google.internal",
        "a.localhost",
    ],
    *[
        "router.lan",
        "nas.home",
        "wiki.corp",
        "x.intranet",
        "1.0.0.127.in-addr.arpa",
        "localhost.localdomain",
        "ｌocalhost",
    ],
    *["printer.LOCAL.", "x.private", "abc.onion"],
]
BROKEN_HOSTS = [
    *[
        "example..org",
        ".example.org",
        "example.org..",
        "-a.org",
        "a-.org",
        "a" * 64 + ".org",
        "a.b" * 90,
        "exa mple.org",
    ],
    *[
        "%31%32%37.0.0.1",
        "example.org%00.evil.org",
        "exam%ple.org",
        "a,b.org",
        "a;b.org",
        "*.org",
        "a'b.org",
        "ex<b>.org",
    ],
    *[
        "[::1",
        "::1]",
        "[::1]]",
        "[[::1]]",
        "[::1].example.org",
        "example.org[::1]",
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
    ],
    *[
        "[127.0.0.1]",
        "[v1.x]",
        "[]",
        "::1",
        "[example.org]",
        "١٢٧.٠.٠.١.",
        "\u202eexample.org",
        "xn--.org",
        "☃\u200d.org",
    ],
]
PORTS = [
    "22",
    "25",
    "8080",
    "6379",
    "0",
    "-1",
    "65536",
    "99999999",
    "8 0",
    "80a",
    "+80",
    "８０",
    "4_43",
    "80:80",
    "443:22",
]
USERS = [
    "good@127.0.0.1",
    "example.org@127.0.0.1",
    "user:pass@example.org",
    "@example.org",
    "a@b@example.org",
    ":@a.org",
]
SMUGGLED = [
    *["http://example.org\\@127.0.0.1/", "http:\\\\127.0.0.1\\", "http://127.0.0.1\\.example.org/", "http://a.org/\\b"],
    *["http://127.0.\n0.1/", "http://exa\tmple.org/", "ht\ntp://example.org/", "http://example.org/\r\nHost: x", "\x00http://a.org/"],
    *["http://example.org/\x7f", "http://a.org/\u2028", "http://a.org/\ud800", "\nhttp://example.org/", "http://example.org/\t"],
]  # fmt: skip


@pytest.mark.parametrize("text", NO_WEB_URLS)
def test_only_whole_http_urls_are_taken(text: str) -> None:
    with pytest.raises(UrlRefused):
        WebUrl.parse(text)


@pytest.mark.parametrize("host", ODD_NUMBERS)
def test_a_number_that_is_not_four_decimal_ones_is_refused(host: str) -> None:
    with pytest.raises(UrlRefused, match="a number, not a plain IP address"):
        WebUrl.parse(f"http://{host}/")


@pytest.mark.parametrize("host", PRIVATE_LITERALS)
def test_an_address_that_is_not_public_is_refused(host: str) -> None:
    with pytest.raises(UrlRefused, match="not on the public internet"):
        WebUrl.parse(f"http://{host}:80/latest/meta-data/")


@pytest.mark.parametrize("host", PRIVATE_NAMES)
def test_a_name_of_a_private_network_is_refused(host: str) -> None:
    with pytest.raises(UrlRefused, match="inside a private network"):
        WebUrl.parse(f"https://{host}/")


@pytest.mark.parametrize("host", BROKEN_HOSTS)
def test_a_host_that_is_no_name_is_refused(host: str) -> None:
    with pytest.raises(UrlRefused):
        WebUrl.parse(f"http://{host}/")


@pytest.mark.parametrize("port", PORTS)
def test_other_ports_are_refused(port: str) -> None:
    with pytest.raises(UrlRefused):
        WebUrl.parse(f"http://example.org:{port}/")


@pytest.mark.parametrize("authority", USERS)
def test_user_names_are_refused(authority: str) -> None:
    with pytest.raises(UrlRefused, match="user name or a password"):
        WebUrl.parse(f"http://{authority}/")


@pytest.mark.parametrize("text", SMUGGLED)
def test_characters_that_readers_of_urls_disagree_about_are_refused(text: str) -> None:
    with pytest.raises(UrlRefused, match="backslash, a line break or a control character"):
        WebUrl.parse(text)


def test_an_endless_url_is_refused() -> None:
    with pytest.raises(UrlRefused, match="8192 characters"):
        WebUrl.parse("http://example.org/" + "a" * 8192)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://example.org", "https://example.org/"),
        (" HTTPS://Example.ORG./A?b=C#part ", "https://example.org/A?b=C"),
        (" http://example.org/d ", "http://example.org/d"),
        ("http://example.org:80/x", "http://example.org/x"),
        ("http://example.org:/x", "http://example.org/x"),
        ("https://example.org:443", "https://example.org/"),
        ("http://example.org:443/", "http://example.org:443/"),
        ("https://bücher.example/straße?q=ä", "https://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%A4"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://ｅxample.org/", "https://example.org/"),
        ("http://a_b.example.org/a b.pdf", "http://a_b.example.org/a%20b.pdf"),
        ("http://example.org/%41%zz%2e?a=%26&b=c/d?e", "http://example.org/%41%zz%2e?a=%26&b=c/d?e"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
        ("http://[2606:4700:0:0::1111]/", "http://[2606:4700::1111]/"),
        ("https://example.org?http://127.0.0.1", "https://example.org/?http://127.0.0.1"),
        ("https://example.org/a@b", "https://example.org/a@b"),
    ],
)
def test_a_public_url_is_read(text: str, read: str) -> None:
    assert str(WebUrl.parse(text)) == read


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b", "https://example.org/b"),
        ("c?d", "https://example.org/a/c?d"),
        ("../e", "https://example.org/e"),
        ("//www.example.org/", "https://www.example.org/"),
        ("https://www.example.org:443/f#g", "https://www.example.org/f"),
        ("?h", "https://example.org/a/page?h"),
        ("", "https://example.org/a/page?x"),
    ],
)
def test_a_redirect_is_read_from_where_it_stands(location: str, target: str) -> None:
    assert str(WebUrl.parse("https://example.org/a/page?x").joined(location)) == target


@pytest.mark.parametrize(
    "location",
    [
        *[
            "//127.0.0.1/",
            "https://localhost/",
            "file:///etc/passwd",
            "https://u@example.org/",
            "https://example.org:22/",
        ],
        *["https://2130706433/", "gopher://x.org/", "//[::1]/", "/\\127.0.0.1", "\thttp://127.0.0.1/", "https://[::1"],
        *["https://www.exam\tple.org/", "/a\r\nHost: b"],
    ],
)
def test_a_redirect_is_held_to_the_same_rules(location: str) -> None:
    with pytest.raises(UrlRefused, match="redirects to"):
        WebUrl.parse("https://example.org/").joined(location)


def test_a_redirect_does_not_leave_https() -> None:
    with pytest.raises(UrlRefused, match="from https to http"):
        WebUrl.parse("https://example.org/").joined("http://example.org/")
    assert WebUrl.parse("http://example.org/").joined("https://example.org/").scheme == "https"


AUTHORITIES = st.text(alphabet="0123456789abcdefx.:[]@%-_。①Ａ\\/#?", max_size=24)


@given(st.one_of(AUTHORITIES.map("http://{}".format), st.text(max_size=60)))
@example("http://0")
def test_whatever_is_taken_names_a_host_in_one_way(text: str) -> None:
    try:
        url = WebUrl.parse(text)
    except UrlRefused:
        return
    assert url.scheme in ("http", "https")
    assert url.port in (80, 443)
    assert url.target.isascii()
    assert url.target.startswith("/")
    assert WebUrl.parse(str(url)) == url
    try:
        assert is_public(ip_address(url.host))
    except ValueError:
        assert set(url.host) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.")
        assert url.host.rpartition(".")[2][0].isalpha() or not url.host.rpartition(".")[2].isdigit()


@given(st.text(max_size=40))
def test_any_redirect_is_followed_or_refused(location: str) -> None:
    try:
        url = WebUrl.parse("https://example.org/a/").joined(location)
    except UrlRefused:
        return
    assert url.scheme == "https"
