"""The page's files as answers: of the right kind, compressed once, and with a policy that fits what stands in them."""

import base64
import gzip
import hashlib
import mimetypes
import os
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import Response

from conversational_rag.page_files import PageFiles, framed_by

IMPORTS = '{"imports": {"a": "/static/a.js"}}'
PAGE = f'<!doctype html><script type="importmap">{IMPORTS}</script><p>{"words " * 200}</p>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    static = tmp_path / "static"
    (static / "js").mkdir(parents=True)
    (static / "index.html").write_text(PAGE)
    (static / "js" / "a.mjs").write_text("export const a = 1;\n" * 100)
    (static / "tiny.css").write_text("a{}")
    (static / "icon.png").write_bytes(b"png" * 1000)
    (static / "unknown.kind").write_bytes(b"?" * 1000)
    (tmp_path / "secret.txt").write_text("secret")
    (static / "way-out").symlink_to(tmp_path / "secret.txt")
    return static


async def get(files: PageFiles, path: str, method: str = "GET", **headers: str) -> Response:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return await files.get_response(path, {"type": "http", "method": method, "path": f"/{path}", "headers": pairs})


def policy(answer: Response) -> dict[str, str]:
    directives = answer.headers["Content-Security-Policy"].split("; ")
    return dict(directive.partition(" ")[::2] for directive in directives)


async def test_a_file_comes_compressed_to_whoever_takes_that_and_plain_to_others(folder: Path) -> None:
    files = PageFiles(folder)
    plain, packed = await get(files, "js/a.mjs"), await get(files, "js/a.mjs", accept_encoding="br, gzip")
    assert bytes(plain.body) == (folder / "js" / "a.mjs").read_bytes() == gzip.decompress(packed.body)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"] != packed.headers["ETag"], "they are not the same bytes"
    for answer in (plain, packed):
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert int(answer.headers["Content-Length"]) == len(answer.body)


@pytest.mark.parametrize("refused", ["", "br", "gzip;q=0", "gzip; q=0.0, br", "GZIP ; Q=0"])
async def test_nobody_is_sent_what_he_does_not_take(folder: Path, refused: str) -> None:
    assert "Content-Encoding" not in (await get(PageFiles(folder), "js/a.mjs", accept_encoding=refused)).headers


async def test_what_does_not_become_shorter_is_not_compressed(folder: Path) -> None:
    for path in ("tiny.css", "icon.png"):
        assert "Content-Encoding" not in (await get(PageFiles(folder), path, accept_encoding="gzip")).headers


async def test_a_file_is_compressed_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[bytes] = []
    compress = gzip.compress
    monkeypatch.setattr(gzip, "compress", lambda body, **how: done.append(body) or compress(body, **how))
    for _ in range(3):
        await get(PageFiles(folder), "index.html", accept_encoding="gzip")
    assert done == [PAGE.encode()]


async def test_a_changed_file_is_read_anew(folder: Path) -> None:
    files, path = PageFiles(folder), folder / "tiny.css"
    before = await get(files, "tiny.css")
    path.write_text("b{}")
    os.utime(path, ns=(1, 1))
    after = await get(files, "tiny.css", if_none_match=before.headers["ETag"])
    assert (after.status_code, bytes(after.body)) == (200, b"b{}")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("js/a.mjs", "text/javascript; charset=utf-8"),
        ("tiny.css", "text/css; charset=utf-8"),
        ("icon.png", "image/png"),
        ("unknown.kind", "application/octet-stream"),
    ],
)
async def test_the_kind_of_a_file_is_not_what_the_machine_believes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_, **__: ("text/plain", None))
    assert (await get(PageFiles(folder), name)).headers["Content-Type"] == kind


async def test_who_has_it_already_is_told_so_and_what_the_page_may_do(folder: Path) -> None:
    files = PageFiles(folder)
    first = await get(files, "index.html", accept_encoding="gzip")
    for known in (first.headers["ETag"], f"W/{first.headers['ETag']}", f'"other", {first.headers["ETag"]}', "*"):
        again = await get(files, "index.html", accept_encoding="gzip", if_none_match=known)
        assert (again.status_code, again.body) == (304, b"")
        for name in ("ETag", "Vary", "Cache-Control", "Content-Security-Policy"):
            assert again.headers[name] == first.headers[name], "a browser takes over what stands here"
    assert (await get(files, "index.html", if_none_match=first.headers["ETag"])).status_code == 200


async def test_a_page_may_run_its_own_scripts_and_the_import_map_that_stands_in_it(folder: Path) -> None:
    allowed = policy(await get(PageFiles(folder), "index.html"))
    digest = base64.b64encode(hashlib.sha256(IMPORTS.encode()).digest()).decode()
    assert allowed["script-src"] == f"'self' 'sha256-{digest}'"
    assert allowed["default-src"] == allowed["frame-ancestors"] == allowed["form-action"] == "'none'"
    assert allowed["require-trusted-types-for"] == "'script'"
    (folder / "index.html").write_text(PAGE.replace("/static/a.js", "/static/b.js"))
    assert digest not in policy(await get(PageFiles(folder), "index.html"))["script-src"]
    (folder / "index.html").write_text("<p>no map</p>")
    assert policy(await get(PageFiles(folder), "index.html"))["script-src"] == "'self'"


async def test_only_a_page_has_a_policy_of_its_own(folder: Path) -> None:
    assert "Content-Security-Policy" not in (await get(PageFiles(folder), "js/a.mjs")).headers


async def test_a_page_can_be_shown_in_frames_of_some_sites(folder: Path) -> None:
    files = PageFiles(folder)
    before = policy(await get(files, "index.html"))
    framed = policy(framed_by(await get(files, "index.html"), ["https://a.example", "https://b.example"]))
    assert framed == {**before, "frame-ancestors": "https://a.example https://b.example"}
    assert policy(await get(files, "index.html")) == before, "of others nothing has changed"


@pytest.mark.parametrize(
    "path", ["nothing.js", "js", "", ".", "../secret.txt", "js/../../secret.txt", "way-out", "/etc/passwd", "a\0b"]
)
async def test_what_is_no_file_of_the_folder_is_not_there(folder: Path, path: str) -> None:
    with pytest.raises(HTTPException) as refused:
        await get(PageFiles(folder), path)
    assert refused.value.status_code == 404
