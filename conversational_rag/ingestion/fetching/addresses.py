"""Which internet addresses a page may be fetched from: those that anybody on the internet could reach."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address

# IANA's special-purpose registry (RFC 6890) written out, since `is_global` says different things in different Pythons
# and calls multicast global. The last row is public by its number, yet every virtual machine at Azure finds its own
# platform agent there.
_CLOSED_V4 = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",
    )
)
# Only global unicast is open: loopback, link-local, unique-local, multicast and IPv4-mapped addresses lie outside it.
_OPEN_V6 = IPv6Network("2000::/3")
# Protocol assignments with Teredo, documentation, 6to4 (both tunnels can end at a private IPv4 address), documentation.
_CLOSED_V6 = tuple(ip_network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
# On a network without IPv4, DNS64 names every IPv4 server by this prefix and its address (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether the address is an ordinary one on the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)
