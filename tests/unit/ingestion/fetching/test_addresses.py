"""Which addresses are public, against the standard library's opinion where that is to be trusted."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.ingestion.fetching.addresses import is_public

CLOSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.1.2.3 127.255.255.255
169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1
198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 168.63.129.16
:: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1
64:ff9b::a9fe:a9fe 64:ff9b:1::8.8.8.8 100::1 2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1
2002:7f00:1:: 2002:a9fe:a9fe::1 2002:808:808:: 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1
fe80::1%eth0 fec0::1 ff02::1 ff0e::1
""".split()  # noqa: SIM905 a list of words
OPEN = """
1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 172.15.255.255 172.32.0.1
192.167.255.255 198.17.255.255 198.20.0.1 223.255.255.255 168.63.129.15
2001:4860:4860::8888 2606:4700::1111 2a00:1450:4001::1 2003::1 64:ff9b::8.8.8.8
""".split()  # noqa: SIM905 a list of words

# Closed here although the standard library calls (some of) them global; see the module.
STRICTER = tuple(
    map(
        ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "2002::/16", "3fff::/20"),
    )
)
OPEN_V6 = ip_network("2000::/3")
NAT64 = ip_network("64:ff9b::/96")


def embedded(address: IPv4Address) -> list[IPv6Address]:
    """The IPv6 addresses that some tunnel or translator turns into this one."""
    number = int(address)
    return [
        IPv6Address(number),
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),
        IPv6Address(int(IPv6Address("64:ff9b:1::")) | number),
        IPv6Address(0x2002 << 112 | number << 80),
        IPv6Address(0x20010000 << 96 | number << 64 | 0xFFFF_FFFF),
        IPv6Address(0x20010000 << 96 | 0x08080808 << 64 | number ^ 0xFFFF_FFFF),
    ]


@pytest.mark.parametrize("text", CLOSED)
def test_an_address_with_a_special_purpose_is_closed(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", OPEN)
def test_an_ordinary_address_is_open(text: str) -> None:
    assert is_public(ip_address(text))


@given(st.ip_addresses())
def test_nothing_is_open_that_the_standard_library_calls_private(address: IPv4Address | IPv6Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved or address in NAT64


@given(st.ip_addresses())
def test_nothing_else_is_closed(address: IPv4Address | IPv6Address) -> None:
    ordinary = address.is_global and not address.is_multicast and not any(address in network for network in STRICTER)
    if ordinary and (address.version == 4 or address in OPEN_V6):
        assert is_public(address)


@given(st.ip_addresses(v=4).filter(lambda address: not is_public(address)))
def test_a_closed_address_does_not_open_inside_an_ipv6_address(address: IPv4Address) -> None:
    assert not [str(wrapped) for wrapped in embedded(address) if is_public(wrapped)]
