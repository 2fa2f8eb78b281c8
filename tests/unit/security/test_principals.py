"""How far a caller reaches: which sessions are his to see."""

from conversational_rag.security.principals import Principal, Reach, Scope
from conversational_rag.security.tenants import Tenant

ACME, BETA = Tenant("acme"), Tenant("beta")
PUBLIC = Principal(Scope.CHAT, ACME, "abc", "line", ("https://www.example.org",))


def test_a_manager_sees_the_sessions_of_its_client_and_a_chatter_those_it_has_begun() -> None:
    manager = Principal(Scope.MANAGE, ACME, "abc", "line").reach(ACME)
    chatter = Principal(Scope.CHAT, ACME, "abc", "line").reach(ACME)
    begun_by = ("line", "other", None)
    assert [manager.includes(ACME, line) for line in begun_by] == [True, True, True]
    assert [chatter.includes(ACME, line) for line in begun_by] == [True, False, False]
    assert not manager.includes(BETA, "line")


def test_with_a_key_that_strangers_share_a_session_is_reached_by_its_id_and_stands_in_no_list() -> None:
    reach = PUBLIC.reach(ACME)
    assert [reach.includes(ACME, line) for line in ("line", "other", None)] == [True, False, False]
    assert not reach.includes(BETA, "line")
    # Lists show the sessions of `line`: no key is of this one.
    assert (reach.tenant, reach.line) == (ACME, "")


def test_only_a_key_with_origins_is_public() -> None:
    assert PUBLIC.is_public
    assert not Principal(Scope.CHAT, ACME, "abc", "line").is_public
    assert not Reach(ACME, "line").includes(ACME, None)
