"""What an address says about where it leads, without asking anybody."""

import pytest

from conversational_rag.addresses import is_local, literal, network


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "rag.localhost",
        "127.0.0.1",
        "127.8.9.10",
        "::1",
        "[::1]",
        "::ffff:127.0.0.1",
    ],
)
def test_these_lead_to_this_machine(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "192.168.1.7",
        "::ffff:10.0.0.1",
        "localhost.example.org",
        "notlocalhost",
        "127.0.0.1.nip.io",
        "127.1",
    ],
)
def test_these_may_lead_elsewhere(host: str) -> None:
    assert not is_local(host)


def test_an_address_is_known_however_it_is_written_and_a_name_is_none() -> None:
    assert str(literal("[2001:DB8::1]")) == "2001:db8::1"
    assert str(literal("::ffff:192.0.2.7")) == "192.0.2.7"
    assert literal("example.org") is None


def test_what_is_too_long_is_no_address() -> None:
    assert literal("fe80::1%eth0") is not None
    assert literal("fe80::1%" + "e" * 100) is None


def test_whoever_has_a_network_of_ipv6_is_one_caller() -> None:
    assert network("2001:db8:1:2::5") == network("2001:db8:1:2:ffff::9") != network("2001:db8:1:3::5")
    assert network("192.0.2.7") == network("::ffff:192.0.2.7") != network("192.0.2.8")
    assert network("fe80::1%eth0") == network("fe80::2")
    assert network("/run/rag.sock") == "/run/rag.sock"
