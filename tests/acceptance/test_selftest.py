"""`selftest isolation`: it passes where all is right, and leaves nothing behind, whatever happens."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from command_line import command, environment, heed_ctrl_c, run
from groq_stand_in import GroqStandIn
from leftovers import rows
from locked_server import LockedServer, locked
from running_server import RunningServer, free_port
from waiting import wait_for

from conversational_rag.errors import BadInput
from conversational_rag.security.keys import new_key
from conversational_rag.security.permissions import PERMISSIONS
from conversational_rag.selftest.pages import PAGES
from conversational_rag.selftest.service import Service
from conversational_rag.selftest.walk import walk


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, groq: GroqStandIn) -> Iterator[LockedServer]:
    """The tests ask it between two walks, which the walks would leave nothing of."""
    folder = tmp_path_factory.mktemp("locked")
    with locked(folder, GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url, REQUESTS_PER_MINUTE="0") as whole:
        yield whole


def traces(house: LockedServer) -> tuple[list[str], int]:
    """The clients there are, and how many keys."""
    clients = house.admin("GET", "/api/v1/chat/collections").json()["collections"]
    return [each["client_id"] for each in clients], house.admin("GET", "/api/v1/keys").json()["total"]


def test_a_service_of_its_own_is_all_right_and_leaves_nothing_behind(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    # Settings around it must not reach it: with this one it would not start.
    result = run(tmp_path, "selftest", "isolation", "--json", TMPDIR=str(temporary), AUTH_MODE="wrong")
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads(result.stdout)
    assert report["right"]
    assert {row["operation"] for row in report["rows"]} == set(PERMISSIONS) | set(PAGES)
    statuses = {
        name: {row["callers"][name]["status"] for row in report["rows"] if name in row["callers"]}
        for name in ("admin", "other client", "expired", "revoked", "no key")
    }
    assert statuses["admin"] == {200, 201, 401, 422}
    assert statuses["expired"] == statuses["revoked"] == statuses["no key"] == {200, 401}
    assert statuses["other client"] == {200, 201, 401, 403, 404}
    assert report["twins_compared"] >= 25
    assert report["inspections"] >= 100
    assert "temporary folder" in result.stderr
    assert "crag_" not in result.stdout + result.stderr
    assert list(temporary.iterdir()) == []


def test_a_running_service_is_all_right_and_is_left_as_it_was(house: LockedServer, tmp_path: Path) -> None:
    before = traces(house)
    result = run(tmp_path, "selftest", "isolation", "--url", house.server.url, CRAG_KEY=str(house.admin.key))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "all right" in result.stdout
    assert "delete_collection" in result.stdout
    assert house.server.url in result.stderr
    assert traces(house) == before
    # Dead keys were shown, and no address was shut to the right ones.
    assert house.admin("GET", "/api/v1/auth/me").status_code == 200


def test_whoever_breaks_it_off_finds_the_service_as_it_was(house: LockedServer, tmp_path: Path) -> None:
    before = traces(house)
    env = environment(CRAG_KEY=str(house.admin.key))
    arguments = command("selftest", "isolation", "--url", house.server.url)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(arguments, cwd=tmp_path, env=env, preexec_fn=heed_ctrl_c, **pipes) as process:
        # Not over HTTP: whoever looks all the time has asked too much soon.
        wait_for(lambda: rows(house.server.folder, "SELECT count(*) FROM keys")[0][0] > before[1])
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
    assert traces(house) == before


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "CRAG_KEY"),
        (("--key", "crag_aaaaaaaaaaaa_secret"), "never into the address"),
    ],
)
def test_what_is_missing_is_told_in_one_line(
    house: LockedServer, tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    query = "?key=crag_aaaaaaaaaaaa_secret" if arguments else ""
    result = run(tmp_path, "selftest", "isolation", "--url", f"{house.server.url}{query}", *arguments)
    assert result.returncode == 1
    assert reason in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert "crag_" not in result.stderr


def told(url: str, key: str) -> str:
    """What is said of a service that cannot be tested."""

    async def refuse() -> str:
        async with aclosing(Service(url)) as service:
            with pytest.raises(BadInput) as refused:
                await walk(service, key)
            return refused.value.detail

    return asyncio.run(refuse())


def test_it_takes_a_locked_service_and_an_admin_key(house: LockedServer, keyless: RunningServer) -> None:
    unknown = new_key().text
    assert "AUTH_MODE=keys" in told(keyless.url, unknown)
    assert "takes an admin key; this one's scope is `manage`" in told(house.server.url, str(house.manager.key))
    assert "takes an admin key; this one's scope is `chat`" in told(house.server.url, str(house.chatter.key))
    # Where the selftest has shown its dead keys a wrong one is not told what it is, but not to come again.
    assert any(status in told(house.server.url, unknown) for status in ("answered 401", "answered 429: Too many wrong"))
    assert "does not answer" in told(f"http://127.0.0.1:{free_port()}", unknown)
    assert told(house.server.url, "mine\n").startswith("The admin key is none")
