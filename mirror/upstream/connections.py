"""An external connection: one registry of somebody else's, and where its files may come from."""

from dataclasses import dataclass, field

from yarl import URL

from mirror.upstream.addresses import is_global, literal

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Connection:
    """What the mirror needs to know to ask a registry.

    `url` is its base. `hosts` are further hosts that its files may come from: `host` (default
    ports), `host:port`, or `*.suffix` (default ports, public addresses only). `authorization` is
    a whole header value and goes to the base's own origin, nowhere else. `proxy` replaces the
    environment's proxy settings.
    """

    name: str
    format: str
    url: URL
    hosts: tuple[str, ...] = ()
    authorization: str | None = field(default=None, repr=False)
    proxy: URL | None = field(default=None, repr=False)  # may carry a password

    def owns(self, url: URL) -> bool:
        """Whether this is the configured origin itself: the only one to get credentials."""
        return url.origin() == self.url.origin()

    def names(self, url: URL) -> bool:
        """Whether the configuration names this very host and port (no wildcard).

        Such a host may have any address: administrators point at inside mirrors on purpose.
        """
        host, port = _host(url), url.port
        if host == _host(self.url) and (
            # Default ports belong together, so that a base may move from http to https.
            port == self.url.port or (_default_port(url) and _default_port(self.url))
        ):
            return True
        return any(
            f"{host}:{port}" == entry.lower() or (host == entry.lower() and _default_port(url))
            for entry in self.hosts
        )

    def admits(self, url: URL) -> str | None:
        """Why this address must not be asked on this connection's behalf; None where it may.

        Addresses come from documents and redirects, so from strangers: they must not make this
        server fetch from the inside of the network, or speak without TLS where TLS was asked for.
        """
        if url.scheme not in DEFAULT_PORTS or not url.host:
            return f"{printable(url)} is not an http or https address"
        if url.user is not None or url.password is not None:
            return f"{printable(url)} carries a user name or password"
        if url.scheme == "http" and self.url.scheme == "https":
            return f"{printable(url)} would leave TLS, which connection '{self.name}' uses"
        if self.names(url):
            return None
        host = _host(url)
        by_suffix = any(
            entry.startswith("*.") and host.endswith(entry[1:].lower()) for entry in self.hosts
        )
        if not by_suffix or not _default_port(url):
            return (
                f"{host}:{url.port} is not among the hosts of connection '{self.name}';"
                " add it there if files may come from it"
            )
        address = literal(host)
        if address is not None and not is_global(address):
            return f"{host} is not a public address"
        return None


def printable(url: URL) -> str:
    """An address fit for messages and logs: without credentials, query or fragment."""
    return str(url.with_user(None).with_query(None).with_fragment(None)) if url.host else str(url)


def _host(url: URL) -> str:
    return (url.raw_host or "").lower().rstrip(".")


def _default_port(url: URL) -> bool:
    return url.port == DEFAULT_PORTS.get(url.scheme)
