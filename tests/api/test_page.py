"""GET / and its files: everybody is given them, quickly, with a policy under which nothing else runs."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from locked_server import LockedServer, locked
from running_server import ROOT, RunningServer
from waiting import wait_for

STATIC = ROOT / "conversational_rag" / "static"
FILES = sorted(str(file.relative_to(STATIC)) for file in STATIC.rglob("*") if file.is_file())
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".png": "image/png",
}
KEY = re.compile(r"crag_[a-z0-9]{12}_[A-Za-z0-9_-]{43}")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedServer]:
    with locked(tmp_path_factory.mktemp("locked"), REQUESTS_PER_MINUTE="60", LOG_LEVEL="INFO") as whole:
        yield whole


def test_the_page_opens_without_a_key_where_there_are_none_and_where_there_are(
    keyless: RunningServer, house: LockedServer
) -> None:
    for server in (keyless, house.server):
        page = server.http.get("/")
        assert page.status_code == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert page.text == (STATIC / "index.html").read_text()
        assert page.headers["Cache-Control"] == "no-cache"
        assert page.headers["X-Frame-Options"] == "DENY"
    by_name = keyless.http.get("/", headers={"Host": f"localhost:{keyless.port}"})
    assert by_name.status_code == 200


def test_it_runs_nothing_but_its_own(house: LockedServer) -> None:
    policy = house.server.http.get("/").headers["Content-Security-Policy"]
    directives = dict(part.partition(" ")[::2] for part in policy.split("; "))
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "http" not in policy
    assert re.fullmatch(r"'self' 'sha256-[A-Za-z0-9+/]{43}='", directives["script-src"])
    assert directives["default-src"] == directives["base-uri"] == directives["frame-ancestors"] == "'none'"
    assert directives["style-src"] == directives["connect-src"] == "'self'"
    assert directives["require-trusted-types-for"] == "'script'"


def test_every_file_is_served_as_what_it_is(keyless: RunningServer) -> None:
    for name in FILES:
        answer = keyless.http.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
        assert answer.status_code == 200, name
        assert answer.content == (STATIC / name).read_bytes(), name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        expected = KINDS.get(Path(name).suffix, "application/octet-stream")
        assert answer.headers["Content-Type"] == expected, name


def test_every_file_that_the_pages_name_is_there(keyless: RunningServer) -> None:
    for page in ("index.html", "widget.html"):
        named = set(re.findall(r'"(/static/[^"]+)"', (STATIC / page).read_text()))
        assert named
        missing = [address for address in sorted(named) if keyless.http.get(address).status_code != 200]
        assert missing == [], page


def test_a_browser_that_has_it_is_not_sent_it_again(house: LockedServer) -> None:
    http = house.server.http
    for path in ("/", "/static/index.html", "/widget.js"):
        first = http.get(path, headers={"Accept-Encoding": "gzip"})
        assert first.headers["Content-Encoding"] == "gzip"
        again = http.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("ETag", "Content-Security-Policy", "Cross-Origin-Resource-Policy", "Cache-Control"):
            assert again.headers[name] == first.headers[name]


def test_only_files_are_compressed(house: LockedServer) -> None:
    raw = house.server.http.build_request("GET", "/widget.js", headers={"Accept-Encoding": "gzip"})
    packed = b"".join(house.server.http.send(raw, stream=True).iter_raw())
    assert gzip.decompress(packed) == (STATIC / "widget.js").read_bytes()
    for path in ("/api/v1/chat/collections", "/openapi.json"):
        answer = house.admin("GET", path)
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers


def test_to_ask_for_the_head_is_to_ask_for_no_body(house: LockedServer) -> None:
    for path in ("/", "/widget.js", "/static/index.html"):
        whole, head = house.server.http.get(path), house.server.http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("ETag", "Content-Type", "Content-Length", "Content-Security-Policy"):
            assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    "path",
    [
        "/static/%2e%2e/application.py",
        "/static/..%2fapplication.py",
        "/static/js/..%2f..%2fconfig.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/a%00b",
        "/static/" + "a" * 5000,
        "/static/js",
        "/static/nothing.js",
    ],
)
def test_nothing_else_of_the_machine_is_served(house: LockedServer, path: str) -> None:
    answer = house.server.http.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_page_takes_nothing_in(house: LockedServer, keyless: RunningServer) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for path in ("/", "/static/index.html", "/widget.js", "/widget/0123456789ab"):
            assert house.server.http.request(method, path).status_code == 401
            assert keyless.http.request(method, path).status_code == 405


def test_other_addresses_need_a_key_as_ever(house: LockedServer) -> None:
    for path in ("/static", "/index.html", "/nowhere", "/docs", "/openapi.json"):
        assert house.server.http.get(path, headers={"Accept": "text/html"}).status_code == 401


def test_no_key_stands_in_any_file(house: LockedServer) -> None:
    assert house.admin.key is not None
    for name in FILES:
        text = (STATIC / name).read_bytes().decode(errors="replace")
        assert KEY.search(text) is None, name
    for path in ("/", "/static/index.html"):
        answer = house.admin("GET", path)
        assert KEY.search(answer.text + str(answer.headers)) is None
        assert "set-cookie" not in answer.headers


def test_a_visit_uses_up_none_of_what_an_address_may_ask_and_writes_no_line_a_file(house: LockedServer) -> None:
    for _ in range(3):
        for name in FILES:
            assert house.server.http.get(f"/static/{name}").status_code == 200
    assert house.server.http.get("/health").status_code == 200
    assert house.server.http.get("/static/nothing.css").status_code == 404

    def written() -> list[str]:
        return [line for line in house.server.log.read_text().splitlines() if '"GET", "path": "/static/' in line]

    # The line is written after the answer.
    wait_for(lambda: any("/static/nothing.css" in line for line in written()))
    assert [line for line in written() if '"status": 404' not in line] == []


def test_other_sites_load_the_loader_and_no_other_file(house: LockedServer) -> None:
    assert house.server.http.get("/widget.js").headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for path in ("/", "/static/index.html"):
        assert house.server.http.get(path).headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_loader_is_small_and_needs_no_leave_of_the_page_it_stands_in() -> None:
    text = (STATIC / "widget.js").read_text()
    assert len(text.encode()) < 6 * 1024
    # What a strict policy forbids, or lets a text become markup.
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        ".cssText",
    ):
        assert forbidden not in text
    assert 'createElement("style")' not in text
    assert re.findall(r"window\.(\w+) =", text) == ["cragWidget"], "one name in the page's own space"
    assert re.findall(r"postMessage\((.*)\)", text) == [
        '{ type: "crag:open", key, title, lang, colorScheme }, service.origin'
    ]


def test_the_start_says_where_the_page_is(keyless: RunningServer) -> None:
    assert f'"page": "http://127.0.0.1:{keyless.port}/"' in keyless.log.read_text()
