"""/api/v1/keys: the admin, a client's manager and chatter, another client, and nobody."""

from collections.abc import Iterator
from typing import Any

import pytest
from locked_server import Holder, LockedServer, locked
from running_server import RunningServer

FIELDS = {
    "id",
    "scope",
    "client_id",
    "name",
    "line",
    "status",
    "created_at",
    "expires_at",
    "last_used_at",
    "revoked_at",
    "origins",
}
DAY = 24 * 3600


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedServer]:
    with locked(tmp_path_factory.mktemp("locked")) as whole:
        yield whole


def made(holder: Holder, **body: Any) -> dict[str, Any]:
    answer = holder("POST", "/api/v1/keys", json=body)
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    return key


def listed(holder: Holder, **parameters: str) -> dict[str, dict[str, Any]]:
    answer = holder("GET", "/api/v1/keys", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.json()["total"] == len(answer.json()["keys"])
    return {key["id"]: key for key in answer.json()["keys"]}


def gets_in(house: LockedServer, key: str) -> bool:
    return Holder(house.server, key)("GET", "/api/v1/auth/me").status_code == 200


def test_a_key_is_shown_once(house: LockedServer) -> None:
    key = made(house.manager, scope="chat", name="phone")
    assert set(key) == FIELDS | {"key", "former"}
    assert key["key"].startswith(f"crag_{key['id']}_")
    assert (key["scope"], key["client_id"], key["name"], key["status"]) == ("chat", "acme", "phone", "live")
    assert (key["expires_at"], key["former"]) == (None, None)
    seen = house.manager("GET", "/api/v1/keys")
    assert set(seen.json()["keys"][0]) == FIELDS, "neither the key nor its digest"
    assert key["key"].split("_", 2)[2] not in seen.text
    assert gets_in(house, key["key"])


def test_it_is_taken_from_either_header(house: LockedServer) -> None:
    key = made(house.manager, scope="chat")["key"]
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
        answer = Holder(house.server, headers=headers)("GET", "/api/v1/auth/me")
        assert answer.json()["client_id"] == "acme"


def test_a_manager_makes_keys_of_its_own_client_only(house: LockedServer) -> None:
    assert made(house.manager, scope="manage", client_id="acme")["client_id"] == "acme"
    other = house.manager("POST", "/api/v1/keys", json={"scope": "chat", "client_id": "beta"})
    assert (other.status_code, other.json()["code"]) == (404, "client_not_found")
    wider = house.manager("POST", "/api/v1/keys", json={"scope": "admin"})
    assert (wider.status_code, wider.json()["code"]) == (403, "forbidden")


def test_the_admin_makes_every_kind_of_key(house: LockedServer) -> None:
    assert made(house.admin, scope="admin")["client_id"] is None
    assert made(house.admin, scope="chat", client_id="beta")["client_id"] == "beta"
    for body, status in (
        ({"scope": "chat"}, 422),
        ({"scope": "admin", "client_id": "acme"}, 422),
        ({"scope": "manage", "client_id": "nobody-here"}, 404),
        ({"scope": "manage", "client_id": "a b"}, 422),
        ({"scope": "everything"}, 422),
        ({"scope": "admin", "name": "x" * 101}, 422),
        ({"scope": "admin", "name": "\x1b[2J"}, 422),
        ({"scope": "admin", "expires_in_days": 0}, 422),
        ({"scope": "admin", "expires_in_days": 1e308}, 422),
    ):
        assert house.admin("POST", "/api/v1/keys", json=body).status_code == status, body


def test_everybody_sees_what_is_his(house: LockedServer) -> None:
    own, others = made(house.manager, scope="chat"), made(house.other, scope="chat")
    assert own["id"] in listed(house.manager)
    assert {key["client_id"] for key in listed(house.manager).values()} == {"acme"}
    assert {own["id"], others["id"]} <= set(listed(house.admin))
    assert {key["client_id"] for key in listed(house.admin, client_id="beta").values()} == {"beta"}
    assert house.manager("GET", "/api/v1/keys", params={"client_id": "beta"}).status_code == 404


@pytest.mark.parametrize(("method", "ending"), [("DELETE", ""), ("POST", "/rotate")])
def test_a_key_of_somebody_else_is_not_there(house: LockedServer, method: str, ending: str) -> None:
    others, of_all = made(house.other, scope="chat"), made(house.admin, scope="admin")
    for key in (others, of_all, {"id": "nokeyatall00"}, {"id": "x" * 300}):
        answer = house.manager(method, f"/api/v1/keys/{key['id']}{ending}")
        assert (answer.status_code, answer.json()["code"]) == (404, "key_not_found")
    assert gets_in(house, others["key"])
    assert gets_in(house, of_all["key"])


@pytest.mark.parametrize(("holder", "status"), [("chatter", 403), ("stranger", 401)])
def test_without_the_scope_keys_are_out_of_reach(house: LockedServer, holder: str, status: int) -> None:
    someone, key = getattr(house, holder), made(house.manager, scope="chat")
    assert someone("POST", "/api/v1/keys", json={"scope": "chat"}).status_code == status
    assert someone("GET", "/api/v1/keys").status_code == status
    assert someone("POST", f"/api/v1/keys/{key['id']}/rotate").status_code == status
    assert someone("DELETE", f"/api/v1/keys/{key['id']}").status_code == status
    assert gets_in(house, key["key"])


def test_a_revoked_key_is_refused_with_the_next_request(house: LockedServer) -> None:
    key = made(house.manager, scope="manage")
    assert gets_in(house, key["key"])
    gone = house.manager("DELETE", f"/api/v1/keys/{key['id']}").json()
    assert (gone["id"], gone["status"]) == (key["id"], "revoked")
    assert not gets_in(house, key["key"])
    assert house.manager("DELETE", f"/api/v1/keys/{key['id']}").json() == gone
    assert listed(house.manager)[key["id"]]["revoked_at"] == gone["revoked_at"]


def test_a_rotated_key_lives_beside_its_successor_for_a_day(house: LockedServer) -> None:
    old = made(house.manager, scope="chat", name="phone", expires_in_days=30)
    answer = house.manager("POST", f"/api/v1/keys/{old['id']}/rotate")
    assert answer.status_code == 201
    new = answer.json()
    assert (new["line"], new["name"], new["scope"]) == (old["line"], "phone", "chat")
    assert new["expires_at"] - new["created_at"] == pytest.approx(30 * DAY, abs=1)
    assert new["former"]["id"] == old["id"]
    assert new["former"]["expires_at"] - new["created_at"] == pytest.approx(DAY, abs=1)
    assert gets_in(house, old["key"])
    assert gets_in(house, new["key"])
    again = house.manager("POST", f"/api/v1/keys/{old['id']}/rotate")
    assert (again.status_code, again.json()["code"]) == (422, "bad_input")
    assert new["id"] in again.json()["detail"]


def test_a_rotation_can_end_the_former_key_at_once(house: LockedServer) -> None:
    old = made(house.manager, scope="chat")
    new = house.manager("POST", f"/api/v1/keys/{old['id']}/rotate", json={"grace_seconds": 0}).json()
    assert not gets_in(house, old["key"])
    assert gets_in(house, new["key"])
    assert house.manager("POST", f"/api/v1/keys/{new['id']}/rotate", json={"grace_seconds": -1}).status_code == 422
    assert house.manager("POST", f"/api/v1/keys/{old['id']}/rotate").status_code == 422, "it is dead"


def test_the_last_admin_key_cannot_be_revoked_from_here(house: LockedServer) -> None:
    admin_ids = [key["id"] for key in listed(house.admin).values() if key["scope"] == "admin"]
    own = house.admin("GET", "/api/v1/auth/me").json()["key_id"]
    for key_id in admin_ids:
        if key_id != own:
            assert house.admin("DELETE", f"/api/v1/keys/{key_id}").status_code == 200
    refused = house.admin("DELETE", f"/api/v1/keys/{own}")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_input")
    assert "last admin key" in refused.json()["detail"]
    assert gets_in(house, str(house.admin.key))


def test_keys_can_be_made_before_they_are_needed(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("open")
    with RunningServer(folder) as server:
        server.new_client(("a.txt", b"Tulips are planted in October."), client_id="team")
        anybody = Holder(server)
        key, admin = made(anybody, scope="chat", client_id="team"), made(anybody, scope="admin")
        assert set(listed(anybody)) == {key["id"], admin["id"]}
        server.stop()
    with RunningServer(folder, AUTH_MODE="keys") as server:
        assert Holder(server, key["key"]).ask("When are tulips planted?").status_code == 200
        assert admin["id"] in listed(Holder(server, admin["key"]))
        assert "first admin key" not in server.log.read_text(), "there is one"
        used = listed(Holder(server, admin["key"]))[key["id"]]["last_used_at"]
        assert used is None, "not with each request"
        server.stop()
    with RunningServer(folder, AUTH_MODE="keys") as server:
        used = listed(Holder(server, admin["key"]))[key["id"]]["last_used_at"]
        assert used > key["created_at"], "a stop has written it down"
