"""From a raw request target to a place in the mirror. Pure.

The raw path is split, never decoded here: `%2f` inside a package's name must reach its format.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import NamedTuple

from mirror.errors import Invalid, NotFound
from mirror.model import DEFAULT_DOMAIN

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


def domain_of(route: Route, host: str) -> tuple[str, str]:
    """(domain, its owner) of a package address; no owner stands for the installation's account.

    The path names it (`/d/{domain}` or `/d/{domain}-{owner}`), or the host as CodeArtifact's own
    addresses do (`{domain}-{owner}.…`); else it is the default domain.
    """
    if route.domain is not None:
        return _owned(f"{route.domain}.") or (route.domain, "")
    return _owned(host) or (DEFAULT_DOMAIN, "")


@lru_cache(maxsize=1024)
def _owned(label: str) -> tuple[str, str] | None:
    match = _DOMAIN_HOST.match(label)
    return (match[1], match[2]) if match else None


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

    def facts(self, remote: str, headers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """What policies may ask about the request itself (auth-and-policy §5.4)."""
        secure = (self._public or "").startswith("https:")
        if self._trusted and self._is_trusted(remote):
            secure = headers.get("X-Forwarded-Proto", "").split(",")[0].strip() == "https"
            remote = self._client(remote, headers)
        return {"aws:sourceip": (remote,), "aws:securetransport": ("true" if secure else "false",)}

    def _client(self, remote: str, headers: Mapping[str, str]) -> str:
        """The nearest address that is no proxy of ours: what is before it, anybody could write."""
        for each in reversed(headers.get("X-Forwarded-For", "").split(",")):
            address = each.strip()
            if not address:
                break
            remote = address
            if not self._is_trusted(address):
                break
        return remote

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
