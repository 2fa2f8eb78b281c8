"""What a host's name or an address says about where it leads. Nothing is looked up."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

# The scheme, host and port of pages. Nothing that it lets through means anything else in a header.
ORIGIN_PATTERN = r"^https?://([A-Za-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$"
_USUAL_PORTS = {"http": ":80", "https": ":443"}
_NETWORK_BITS = 64
# Each request has several, and most come from few. No address is longer than that, also with the name of its network.
_REMEMBERED, _LONGEST = 1024, 100


def is_local(host: str) -> bool:
    """Whether it can lead to nowhere but this machine: `localhost`, names below it, 127.0.0.0/8, ::1."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = literal(name)
    return address is not None and address.is_loopback


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that is written there, an IPv4 one also where it is written as IPv6; None for a name."""
    return None if len(host) > _LONGEST else _literal(host)


@lru_cache(_REMEMBERED)
def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def network(host: str) -> str:
    """Who is behind an address: an IPv4 address itself, of IPv6 the /64, in which anybody can change at will."""
    address = literal(host)
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> _NETWORK_BITS << _NETWORK_BITS)}/{_NETWORK_BITS}"
    return host if address is None else str(address)


def origin_as_browsers_write_it(origin: str) -> str:
    """In small letters, and without the port where that is the usual one."""
    small = origin.lower()
    return small.removesuffix(_USUAL_PORTS[small.partition(":")[0]])
