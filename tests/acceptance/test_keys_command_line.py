"""`key create`, `key list`, `key rotate`, `key revoke`: beside a running server, and before there is one."""

import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command_line import command, environment, refused, run, succeed
from locked_server import Holder, first_admin_key
from running_server import RunningServer

KEY = re.compile(r"crag_[a-z0-9]{12}_[A-Za-z0-9_-]{43}")


def key_of(said: str) -> str:
    """The key stands alone on the last line, and nowhere else."""
    assert said.endswith("\n")
    last = said.splitlines()[-1]
    assert KEY.fullmatch(last)
    assert KEY.findall(said) == [last]
    return last


def id_of(key: str) -> str:
    return key.split("_")[1]


def row_of(said: str, key: str) -> list[str]:
    """The line of `key list` on that key."""
    (line,) = [line for line in said.splitlines() if line.startswith(id_of(key))]
    return re.split(r"  +", line)


def can(server: RunningServer, key: str, path: str = "/api/v1/auth/me") -> int:
    return Holder(server, key)("GET", path).status_code


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """It asks for keys, and has a client `team`."""
    with RunningServer(tmp_path_factory.mktemp("locked"), AUTH_MODE="keys") as running:
        admin = Holder(running, first_admin_key(running))
        assert admin.upload("bridge.txt", "The bridge was opened in 1932.", client_id="team").status_code == 200
        yield running


def test_keys_made_beside_a_running_server_work_at_once(server: RunningServer) -> None:
    admin = key_of(succeed(server.folder, "key", "create", "--scope", "admin"))
    assert can(server, admin, "/metrics") == 200
    manage = key_of(succeed(server.folder, "key", "create", "--client", "team", "--scope", "manage"))
    assert can(server, manage, "/api/v1/documents") == 200
    assert can(server, manage, "/metrics") == 403
    chat = key_of(succeed(server.folder, "key", "create", "--client", "team", "--scope", "chat"))
    assert Holder(server, chat).ask("When was the bridge opened?").status_code == 200
    assert can(server, chat, "/api/v1/documents") == 403


def test_a_key_revoked_beside_a_running_server_is_refused_at_once(server: RunningServer) -> None:
    key = key_of(succeed(server.folder, "key", "create", "--client", "team", "--scope", "chat"))
    assert can(server, key) == 200
    assert "refused from now on" in succeed(server.folder, "key", "revoke", id_of(key))
    assert can(server, key) == 401
    assert "revoked" in row_of(succeed(server.folder, "key", "list"), key)


def test_a_key_rotated_beside_a_running_server_has_a_successor_and_some_time(server: RunningServer) -> None:
    old = key_of(succeed(server.folder, "key", "create", "--client", "team", "--scope", "chat", "--name", "my phone"))
    said = succeed(server.folder, "key", "rotate", id_of(old))
    new = key_of(said)
    assert id_of(old) in said
    assert (can(server, old), can(server, new)) == (200, 200)
    last = key_of(succeed(server.folder, "key", "rotate", id_of(new), "--grace-hours", "0"))
    assert (can(server, old), can(server, new), can(server, last)) == (200, 401, 200)
    assert "rotate" in refused(server.folder, "key", "rotate", id_of(old))
    assert row_of(succeed(server.folder, "key", "list"), last)[-1] == "my phone"


def test_the_list_says_everything_but_the_keys(server: RunningServer) -> None:
    key = key_of(
        succeed(
            server.folder, "key", "create", "--client", "team", "--scope", "chat", "--name", "tablet", "--days", "2"
        )
    )
    listed = succeed(server.folder, "key", "list")
    assert "crag_" not in listed
    assert key.split("_", 2)[2] not in listed
    row = row_of(listed, key)
    assert row[1:4] == ["chat", "team", "live"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", row[5])
    assert row[-1] == "tablet"
    assert {line.split()[1] for line in listed.splitlines()[1:]} == {"admin", "manage", "chat"}
    own = succeed(server.folder, "key", "list", "--client", "team")
    assert row_of(own, key) == row
    assert {line.split()[2] for line in own.splitlines()[1:]} == {"team"}


def test_a_key_for_web_pages_is_made_and_listed_with_their_origins(server: RunningServer) -> None:
    sites = ("https://www.example.org", "http://localhost:3000")
    named = [word for site in sites for word in ("--origin", site)]
    key = key_of(succeed(server.folder, "key", "create", "--client", "team", "--scope", "chat", *named))
    assert row_of(succeed(server.folder, "key", "list"), key)[-1] == " ".join(sites)
    assert server.http.get(f"/widget/{id_of(key)}").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("create", "--client", "new-one", "--scope", "chat"), "no client new-one; check the name, or upload"),
        (("create", "--scope", "chat"), "name the client"),
        (("create", "--scope", "manage", "--client", "team", "--origin", "https://a.example"), "with scope `chat`"),
        (("create", "--scope", "chat", "--client", "team", "--origin", "a.example"), "is no origin"),
        (("revoke", "nokeyatall00"), "list the keys"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(server: RunningServer, arguments: tuple[str, ...], told: str) -> None:
    assert told in refused(server.folder, "key", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--scope", "everything"),
        ("create", "--scope", "chat", "--client", "a b"),
    ],
)
def test_wrong_arguments_are_explained(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = run(tmp_path, "key", *arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "Usage" in result.stderr + result.stdout
    assert not (tmp_path / "data").exists()


def test_no_key_made_here_stands_in_a_log_or_in_the_data(server: RunningServer) -> None:
    key = key_of(succeed(server.folder, "key", "create", "--scope", "admin"))
    can(server, key)
    can(server, f"{key}x")
    secret = key.split("_", 2)[2].encode()
    for path in server.folder.rglob("*"):
        assert not (path.is_file() and secret in path.read_bytes()), path


def test_the_first_admin_key_can_be_made_before_the_first_start(tmp_path: Path) -> None:
    key = key_of(succeed(tmp_path, "key", "create", "--scope", "admin"))
    with RunningServer(tmp_path, AUTH_MODE="keys") as server:
        assert can(server, key, "/metrics") == 200
        assert KEY.search(server.log.read_text()) is None, "it has an admin key already"
        server.stop()
    pepper = tmp_path / "data" / "key_pepper"
    assert pepper.stat().st_mode & 0o777 == 0o600
    same = pepper.read_text().strip()
    pepper.rename(tmp_path / "data" / "elsewhere")
    other = key_of(succeed(tmp_path, "key", "create", "--scope", "admin", KEY_PEPPER="another one"))
    with RunningServer(tmp_path, AUTH_MODE="keys", KEY_PEPPER=same) as server:
        assert (can(server, key), can(server, other)) == (200, 401), "a key is one under its pepper only"
    assert not pepper.exists()


def test_where_nothing_is_there_is_nothing_to_list(tmp_path: Path) -> None:
    assert "no database" in refused(tmp_path, "key", "list")
    assert list(tmp_path.iterdir()) == []


def test_many_at_once_do_not_stand_in_each_others_way(tmp_path: Path) -> None:
    """On an empty folder: the tables and the pepper are made meanwhile, by whichever comes first."""
    processes = [
        subprocess.Popen(
            command("key", "create", "--scope", "admin"),
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    made = []
    for process in processes:
        said, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        made.append(key_of(said))
    with RunningServer(tmp_path, AUTH_MODE="keys") as server:
        assert [can(server, key) for key in made] == [200] * 4


def test_beside_a_server_of_another_version_no_table_is_changed(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        with closing(sqlite3.connect(tmp_path / "data" / "sessions.db")) as database, database:
            database.execute("UPDATE alembic_version SET version_num = '0007'")
        assert "another version" in refused(tmp_path, "key", "list", PORT=str(server.port))
        with closing(sqlite3.connect(tmp_path / "data" / "sessions.db")) as database, database:
            assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("0007",)]


def test_keys_live_on_after_a_restore(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    there.mkdir()
    with RunningServer(here, AUTH_MODE="keys") as server:
        admin = first_admin_key(server)
        assert Holder(server, admin).upload("a.txt", "Tulips are planted in October.", client_id="team").is_success
        chat = key_of(succeed(here, "key", "create", "--client", "team", "--scope", "chat"))
        succeed(here, "backup", str(there / "all.tar.gz"), PORT=str(server.port))
    former = key_of(succeed(there, "key", "create", "--scope", "admin"))
    succeed(there, "restore", "all.tar.gz", "--replace")
    pepper = there / "data" / "key_pepper"
    assert pepper.read_bytes() == (here / "data" / "key_pepper").read_bytes()
    assert pepper.stat().st_mode & 0o777 == 0o600
    (aside,) = (there / "data").glob("replaced-*")
    assert (aside / "key_pepper").exists()
    with RunningServer(there, AUTH_MODE="keys") as server:
        assert can(server, admin, "/metrics") == 200
        assert Holder(server, chat).ask("When are tulips planted?").status_code == 200
        assert can(server, former) == 401
        assert KEY.search(server.log.read_text()) is None
    succeed(there, "export", "--client", "team", "team.tar.gz")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    succeed(elsewhere, "import", str(there / "team.tar.gz"))
    assert len(succeed(elsewhere, "key", "list").splitlines()) == 1, "one client's archive carries no keys"


def test_files_are_taken_in_beside_a_server_that_asks_for_keys(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Tulips are planted in October.")
    with RunningServer(tmp_path, AUTH_MODE="keys") as server:
        told = succeed(tmp_path, "ingest", str(note), "--client", "team", PORT=str(server.port))
        assert told.splitlines()[-1] == "client_id: team"
        key = told.partition("api_key: ")[2].split()[0]
        body = {"message": "When are tulips planted?"}
        answer = server.http.post("/api/v1/chat/", json=body, headers={"X-API-Key": key})
        assert answer.json()["sources"][0]["filename"] == "note.txt"
        listed = succeed(tmp_path, "key", "list")
    assert [line.split()[3] for line in listed.splitlines() if "a command" in line] == ["revoked"]
