"""No secret is written down, however it comes to be said."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from conversational_rag.config import Settings
from conversational_rag.observability.logging import configure_logging
from conversational_rag.observability.secrets import mask
from conversational_rag.security.keys import Key, new_key

SECRET = "Vt9x-k_Q2" + "s" * 34
KEY = f"crag_abcdefghijkl_{SECRET}"
TOKEN = "tOkEn-of_a-sign.in"


@pytest.mark.parametrize(
    "text",
    [
        f"no such key: {KEY}",
        f"/api/v1/keys/{KEY}/rotate?x=1",
        f"gsk_{'a' * 52}{SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"authorization:{SECRET}",
        f"X-API-Key: {SECRET}\r\nAccept: */*",
        f"Cookie: theme=dark; crag_session={SECRET}; other={SECRET}",
        f"crag_session={SECRET}; Path=/; HttpOnly",
        json.dumps({"headers": {"Authorization": f"Bearer {SECRET}"}}),
        json.dumps({"event": json.dumps({"x-api-key": SECRET})}),
        repr({"cookie": f"a={SECRET}"}),
        repr([(b"authorization", f"Bearer {SECRET}".encode()), (b"accept", b"*/*")]),
        json.dumps(repr([(b"cookie", SECRET.encode())])),
        f"headers=Headers({{'x-api-key': '{SECRET}'}})",
        f"AUTHOR\u0130ZATION: Bearer {SECRET}",
        f"coo\u212aie: {SECRET}",
    ],
)
def test_a_secret_is_masked_however_it_is_written(text: str) -> None:
    assert SECRET not in mask(text)
    assert "***" in mask(text)


def test_what_is_around_a_secret_stays() -> None:
    assert mask(f"no such key: {KEY}, really") == "no such key: crag_abcdefghijkl_***, really"
    assert mask(f"X-API-Key: {SECRET}\r\nAccept: */*") == "X-API-Key: ***\r\nAccept: */*"
    assert json.loads(mask(json.dumps({"cookie": SECRET, "path": "/a", "n": 1}))) == {
        "cookie": "***",
        "path": "/a",
        "n": 1,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a cookie, and the authorization of a recipe",
        "crag_session",
        "A key is needed: send it as `Authorization`",
        "gskill_ram 32",
    ],
)
def test_other_words_are_left_alone(text: str) -> None:
    assert mask(text) == text


class Written(io.StringIO):
    """What the log writes."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture(params=["json", "console"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    form: Literal["json", "console"] = request.param
    stream = Written(terminal=form == "console")
    root = logging.getLogger()
    before = root.handlers, root.level
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging("DEBUG", form)
    yield stream
    root.handlers, root.level = before
    structlog.reset_defaults()


def fail_with_secrets(key: str) -> None:
    headers = {"authorization": f"Bearer {SECRET}"}
    raise ValueError(f"{key} was not understood, nor were {headers}")


def test_the_log_holds_no_secret_in_whatever_place(written: Written) -> None:
    log = structlog.get_logger("test")
    log.info(f"said {KEY}", key=KEY, authorization=f"Bearer {SECRET}", cookie=TOKEN, x_api_key=SECRET)
    log.warning("nested", headers={"Authorization": SECRET}, raw=[(b"cookie", TOKEN.encode())])
    try:
        fail_with_secrets(KEY)
    except ValueError:
        log.exception("failed")
        logging.getLogger("library").exception("a library failed with %s", KEY)
    logging.getLogger("library").info("sent Authorization: Bearer %s", SECRET)
    text = written.getvalue()
    assert SECRET not in text
    assert TOKEN not in text
    assert text.count("***") >= 9
    assert text.count("ValueError: crag_abcdefghijkl_*** was not understood") == 2
    assert "crag_abcdefghijkl_***" in text


def test_json_stays_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Written(terminal=False)
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    before = root.handlers, root.level
    configure_logging("INFO", "json")
    structlog.get_logger("test").info("said", headers={"Cookie": f'a="{TOKEN}"', "Accept": "*/*"}, key=KEY)
    root.handlers, root.level = before
    structlog.reset_defaults()
    line = json.loads(stream.getvalue())
    assert (line["event"], line["key"], line["headers"]["Accept"]) == ("said", "crag_abcdefghijkl_***", "*/*")
    assert TOKEN not in stream.getvalue()


def test_lines_of_the_server_that_show_query_strings_or_frames_are_not_written(written: Written) -> None:
    """The service writes lines of its own on each request, with the path alone."""
    logging.getLogger("uvicorn.access").info('%s - "GET %s"', "127.0.0.1", f"/health?key={TOKEN}")
    logging.getLogger("uvicorn.error").info('%s - "WebSocket %s" [accepted]', "127.0.0.1", f"/ws?key={TOKEN}")
    logging.getLogger("uvicorn.error").debug('< TEXT \'{"message": "%s"}\'', TOKEN)
    logging.getLogger("uvicorn.error").info("Application startup complete.")
    assert TOKEN not in written.getvalue()
    assert "Application startup complete." in written.getvalue()


def test_nothing_that_holds_a_secret_shows_it() -> None:
    key = new_key()
    assert key.secret not in repr(key)
    assert key.text not in f"{Key(key.id, key.secret)!r}"
    settings = Settings(_env_file=None, groq_api_key=SECRET, key_pepper=SECRET)  # type: ignore[arg-type]
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
