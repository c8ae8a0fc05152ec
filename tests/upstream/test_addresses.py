"""The guard against addresses inside the network."""

import asyncio
import ipaddress
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from mirror.upstream.addresses import BoundedResolver, InwardAddressError, is_global, literal


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:7f00:1", "::ffff:7f00:1"),
        ("example.org", None),
        ("1.example.org", None),
        ("dead.beef", None),
        ("", None),
    ],
)
def test_literal(host: str, address: str | None) -> None:
    assert literal(host) == (address and ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::6810:1", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("198.18.0.1", False),
        ("203.0.113.5", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fec0::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("2002:a00:1::", False),
        ("64:ff9b::7f00:1", False),
    ],
)
def test_is_global(address: str, expected: bool) -> None:
    assert is_global(ipaddress.ip_address(address)) is expected


class Names(AbstractResolver):
    def __init__(self, *addresses: str, delay: float = 0) -> None:
        self.addresses = addresses
        self.delay = delay
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        await asyncio.sleep(self.delay)
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0)
            for each in self.addresses
        ]

    async def close(self) -> None:
        self.closed = True


async def test_a_guarded_name_yields_its_public_addresses() -> None:
    resolver = BoundedResolver(
        Names("10.0.0.1", "8.8.8.8", "fe80::1%eth0"), seconds=1, guarded=True
    )
    assert [each["host"] for each in await resolver.resolve("a.example.org")] == ["8.8.8.8"]


async def test_a_guarded_name_that_leads_inside_is_refused() -> None:
    resolver = BoundedResolver(Names("169.254.169.254"), seconds=1, guarded=True)
    with pytest.raises(InwardAddressError, match=r"169\.254\.169\.254, not public"):
        await resolver.resolve("a.example.org")


async def test_a_named_host_may_lead_anywhere() -> None:
    inner = Names("203.0.113.9")
    resolver = BoundedResolver(inner, seconds=1, guarded=False)
    assert [each["host"] for each in await resolver.resolve("registry")] == ["203.0.113.9"]
    await resolver.close()
    assert inner.closed


async def test_resolution_is_bounded() -> None:
    resolver = BoundedResolver(Names("8.8.8.8", delay=5), seconds=0.01, guarded=False)
    with pytest.raises(OSError, match="not resolved"):
        await resolver.resolve("a.example.org")
