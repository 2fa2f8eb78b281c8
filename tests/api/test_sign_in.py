"""/api/v1/auth: a browser exchanges a key for a cookie."""

import time
from collections.abc import Iterator

import httpx2
import pytest
from locked_server import Holder, LockedServer, locked
from running_server import RunningServer

ME = "/api/v1/auth/me"
# What is usual; see docs/configuration.md.
UPLOADS = {"max_files": 50, "max_file_bytes": 25 * 2**20, "max_request_bytes": 100 * 2**20, "from_web": False}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedServer]:
    with locked(tmp_path_factory.mktemp("locked")) as whole:
        yield whole


@pytest.fixture
def browser(house: LockedServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=house.server.url, timeout=60) as client:
        yield client


def sign_in(browser: httpx2.Client, key: str | None, **headers: str) -> httpx2.Response:
    return browser.post("/api/v1/auth/sign-in", json={"key": key}, headers=headers)


def cookie(answer: httpx2.Response) -> dict[str, str]:
    """The attributes of the cookie that came, in small letters, and its value."""
    assert len(answer.headers.get_list("set-cookie")) == 1
    name, *attributes = answer.headers["set-cookie"].split("; ")
    pairs = dict((*each.split("=", 1), "")[:2] for each in attributes)
    return {"value": name.removeprefix("crag_session="), **{key.lower(): value for key, value in pairs.items()}}


def test_a_key_becomes_a_cookie_that_scripts_cannot_read(house: LockedServer, browser: httpx2.Client) -> None:
    answer = sign_in(browser, house.chatter.key)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["scope"], told["client_id"]) == ("chat", "acme")
    assert told["expires_at"] - time.time() == pytest.approx(12 * 3600, abs=30)
    came = cookie(answer)
    assert len(came["value"]) == 43
    assert came["value"] not in answer.text
    assert {"httponly", "path", "max-age", "samesite", "value"} == set(came), "no Secure: this was not by https"
    assert (came["path"], came["samesite"].lower()) == ("/", "lax")
    assert int(came["max-age"]) == pytest.approx(12 * 3600, abs=30)
    assert browser.get(ME).json()["client_id"] == "acme"
    asked = browser.post("/api/v1/chat/", json={"message": "When was the bridge opened?"})
    assert asked.status_code == 200, asked.text


def test_by_https_the_cookie_comes_back_by_https_only(house: LockedServer, browser: httpx2.Client) -> None:
    answer = sign_in(browser, house.chatter.key, **{"X-Forwarded-Proto": "https"})
    assert "secure" in cookie(answer)


def test_a_cookie_reaches_as_far_as_its_key(house: LockedServer, browser: httpx2.Client) -> None:
    sign_in(browser, house.chatter.key)
    assert browser.get("/api/v1/documents").status_code == 403
    sign_in(browser, house.manager.key)
    assert browser.get("/api/v1/documents").status_code == 200
    assert browser.get("/api/v1/documents", params={"client_id": "beta"}).status_code == 404


@pytest.mark.parametrize(
    "key", ["", "no key", "crag_aaaaaaaaaaaa_" + "x" * 43, "ä", "crag_aaaaaaaaaaaa_" + "x" * 43 + "\n"]
)
def test_a_wrong_key_gives_no_cookie(browser: httpx2.Client, key: str) -> None:
    answer = sign_in(browser, key)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert "set-cookie" not in answer.headers
    if key:
        assert key not in answer.text


def test_what_is_no_sign_in_is_explained_without_repeating_it(browser: httpx2.Client) -> None:
    for body in ({}, {"key": "s3cret" * 100}, {"key": 5}, {"key": None}):
        answer = browser.post("/api/v1/auth/sign-in", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
        assert "s3cret" not in answer.text


def test_a_key_copied_with_white_space_is_still_that_key(house: LockedServer, browser: httpx2.Client) -> None:
    assert sign_in(browser, f" {house.chatter.key}\n").status_code == 200


def test_signing_out_ends_the_sign_in_not_only_the_cookie(house: LockedServer, browser: httpx2.Client) -> None:
    token = cookie(sign_in(browser, house.manager.key))["value"]
    answer = browser.post("/api/v1/auth/sign-out")
    assert answer.status_code == 200
    assert cookie(answer)["max-age"] == "0"
    assert browser.get(ME).status_code == 401
    copied = Holder(house.server, headers={"Cookie": f"crag_session={token}"})
    assert copied("GET", ME).status_code == 401


def test_signing_in_again_ends_the_sign_in_before(house: LockedServer, browser: httpx2.Client) -> None:
    former = cookie(sign_in(browser, house.manager.key))["value"]
    later = cookie(sign_in(browser, house.manager.key))["value"]
    assert Holder(house.server, headers={"Cookie": f"crag_session={former}"})("GET", ME).status_code == 401
    assert Holder(house.server, headers={"Cookie": f"crag_session={later}"})("GET", ME).status_code == 200


def test_a_revoked_key_takes_its_sign_ins_with_it(house: LockedServer, browser: httpx2.Client) -> None:
    short = house.new_key("chat", "acme")
    assert sign_in(browser, short.key).status_code == 200
    assert house.manager("DELETE", f"/api/v1/keys/{str(short.key).split('_')[1]}").status_code == 200
    assert browser.get(ME).status_code == 401
    assert sign_in(browser, short.key).status_code == 401
    assert sign_in(browser, house.chatter.key).status_code == 200, "with the cookie that is of no use any more"


def test_everybody_can_learn_who_he_is(house: LockedServer) -> None:
    key = house.manager("POST", "/api/v1/keys", json={"scope": "chat", "name": "phone", "expires_in_days": 2}).json()
    assert Holder(house.server, key["key"])("GET", ME).json() == {
        "auth_mode": "keys",
        "scope": "chat",
        "client_id": "acme",
        "key_id": key["id"],
        "name": "phone",
        "expires_at": key["expires_at"],
        "uploads": UPLOADS,
    }
    admin = house.admin("GET", ME).json()
    assert (admin["scope"], admin["client_id"]) == ("admin", None)
    assert house.stranger("GET", ME).status_code == 401


@pytest.mark.parametrize("sent", ["crag_session=", "crag_session=x", 'crag_session="', "a=b; crag_session=ä", "=;=,"])
def test_a_broken_cookie_is_no_sign_in(house: LockedServer, sent: str) -> None:
    answer = house.server.http.get(ME, headers={"Cookie": sent.encode()})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_nothing_that_was_shown_or_given_stands_in_the_log(house: LockedServer, browser: httpx2.Client) -> None:
    token = cookie(sign_in(browser, house.manager.key))["value"]
    sign_in(browser, f"{house.manager.key}x")
    browser.get(ME)
    browser.post("/api/v1/auth/sign-out")
    log = house.server.log.read_text()
    assert token not in log
    assert str(house.manager.key)[-43:] not in log


def test_where_no_key_is_needed_there_is_nothing_to_sign_in_to(keyless: RunningServer) -> None:
    assert keyless.http.get(ME).json() == {
        "auth_mode": "open",
        "scope": "admin",
        "client_id": None,
        "key_id": None,
        "name": None,
        "expires_at": None,
        "uploads": UPLOADS,
    }
    answer = keyless.http.post("/api/v1/auth/sign-in", json={"key": "crag_x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert "AUTH_MODE=open" in answer.json()["detail"]
    assert keyless.http.post("/api/v1/auth/sign-out").status_code == 200
