"""Under which addresses this machine's demo can be opened."""

import contextlib
import ipaddress
import socket

EVERY = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, not bound
_ELSEWHERE = ("192.0.2.1", 9)
"""An address that belongs to nobody (RFC 5737): asking the way there sends nothing."""


def local_host(host: str) -> str:
    """Where a program on this machine reaches a server that listens on `host`."""
    return ("::1" if host == "::" else "127.0.0.1") if host in EVERY else host


def own_addresses(host: str) -> list[str]:
    """This machine's addresses in its network, the one of the default route first; empty unless `host` means every address."""
    if host not in EVERY:
        return []
    found: list[str] = []
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_ELSEWHERE)
        found.append(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        found += [str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    usable = (address for address in found if not ipaddress.ip_address(address).is_loopback)
    return [address for address in dict.fromkeys(usable) if address not in EVERY]


def base_url_of(host: str, port: int) -> str:
    """The address printed and put into codes: one that a phone can open where the server listens to the network."""
    name = next(iter(own_addresses(host)), local_host(host))
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
