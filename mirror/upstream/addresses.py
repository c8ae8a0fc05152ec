"""Which network addresses a stranger's document may make this server ask."""

import asyncio
import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class InwardAddressError(OSError):
    """A name that only a wildcard admits leads to an address inside some network."""


def literal(host: str) -> Address | None:
    """The address that `host` spells, in any form getaddrinfo takes; None for a name.

    Besides the usual forms: 2130706433, 0x7f.1, 0177.0.0.1 (inet_aton), and fe80::1%eth0.
    """
    try:
        return ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def is_global(address: Address) -> bool:
    """Whether an address is a public, unicast one, also inside its IPv6 wrappings.

    Private, loopback, link-local, shared, documentation and reserved ranges are not (RFC 6890).
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_global(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class BoundedResolver(AbstractResolver):
    """Bounds name resolution by `seconds`, which aiohttp does not by itself.

    With `guarded`, only public addresses come out. The check is made on the very addresses that
    are connected to, so a name that changes its mind between two questions (DNS rebinding)
    gains nothing.
    """

    def __init__(self, inner: AbstractResolver, *, seconds: float, guarded: bool) -> None:
        self._inner = inner
        self._seconds = seconds
        self._guarded = guarded

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises `OSError` when nothing comes in time, `InwardAddressError` when nothing may be used."""
        try:
            async with asyncio.timeout(self._seconds):
                found = await self._inner.resolve(host, port, family)
        except TimeoutError as error:
            raise OSError(f"the name {host} was not resolved in {self._seconds:g} s") from error
        if not self._guarded:
            return found
        public = [
            each
            for each in found
            if is_global(ipaddress.ip_address(each["host"].partition("%")[0]))
        ]
        if not public:
            raise InwardAddressError(
                f"{host} leads to {', '.join(each['host'] for each in found)}, not public"
            )
        return public

    async def close(self) -> None:
        await self._inner.close()
