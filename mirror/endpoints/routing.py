"""From a raw request target to a place in the mirror. Pure.

The raw path is split, never decoded here: `%2f` inside a package's name must reach its format.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import NamedTuple

from mirror.errors import Invalid, NotFound

Networks = tuple[IPv4Network | IPv6Network, ...]

_DOMAIN_HOST = re.compile(r"([a-z][a-z0-9\-_]{0,48}[a-z0-9])-([0-9]{12})\.", re.ASCII)
_HOST = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?", re.ASCII)


class Route(NamedTuple):
    """A package endpoint: `/{format}/{repository}/{rest}`, of one domain. `prefix` is the part of
    the path up to and including the repository, as the client wrote it.
    """

    format: str
    domain: str | None
    repository: str
    rest: str
    query: str
    prefix: str


@lru_cache(maxsize=8192)
def split(target: str) -> Route:
    """The route of a raw request target (path and query).

    Raises `NotFound` (kind `endpoint`) for an address that is none.
    """
    path, _, query = target.partition("?")
    parts = path.split("/", 3)
    domain = None
    prefix = ""
    if len(parts) == 4 and parts[1] == "d":
        domain = parts[2]
        prefix = f"/d/{domain}"
        parts = ["", *parts[3].split("/", 2)]
    if len(parts) < 3 or parts[0] or not parts[1] or not parts[2]:
        raise NotFound(
            "endpoint",
            path[:200],
            "there is nothing here: package addresses are /{format}/{repository}/",
        )
    rest = parts[3] if len(parts) == 4 else ""
    return Route(parts[1], domain, parts[2], rest, query, f"{prefix}/{parts[1]}/{parts[2]}/")


@lru_cache(maxsize=1024)
def domain_of(host: str) -> str | None:
    """The domain that a CodeArtifact-like host name selects (`{domain}-{owner}.…`)."""
    match = _DOMAIN_HOST.match(host)
    return match[1] if match else None


class Bases:
    """Builds our own addresses as the client sees them (decisions, "Addresses")."""

    def __init__(self, public_url: str | None, trusted_proxies: Networks) -> None:
        self._public = public_url.rstrip("/") if public_url else None
        self._trusted = trusted_proxies

    def base(self, remote: str, headers: Mapping[str, str], prefix: str) -> str:
        """The address of a repository, with a trailing slash.

        The configured one; else the forwarded one, from a trusted proxy only; else the `Host`.
        Raises `Invalid` for a host that could not stand in an address: it ends up in documents.
        """
        if self._public is not None:
            return self._public + prefix
        if self._trusted and self._is_trusted(remote):
            return self._forwarded(headers, prefix)
        return f"http://{checked_host(headers.get('Host', ''))}{prefix}"

    def _is_trusted(self, remote: str) -> bool:
        try:
            address = ip_address(remote)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)

    def _forwarded(self, headers: Mapping[str, str], prefix: str) -> str:
        # Several proxies append with commas; the first value is the client's side
        # (verdaccio#695).
        scheme, host, before, port = (
            headers.get(f"X-Forwarded-{name}", "").split(",")[0].strip()
            for name in ("Proto", "Host", "Prefix", "Port")
        )
        scheme = scheme if scheme in {"http", "https"} else "http"
        host = checked_host(host or headers.get("Host", ""))
        if port.isdecimal() and ":" not in host.rpartition("]")[2]:
            host = checked_host(f"{host}:{port}")
        host = host.removesuffix({"http": ":80", "https": ":443"}[scheme])
        if not _PREFIX.fullmatch(before):
            raise Invalid("the proxy's X-Forwarded-Prefix is not a path")
        return f"{scheme}://{host}{before.rstrip('/')}{prefix}"


@lru_cache(maxsize=1024)
def checked_host(host: str) -> str:
    """The host, if it is one."""
    if not _HOST.fullmatch(host):
        raise Invalid("the request's Host header is missing or is not a host name")
    return host
