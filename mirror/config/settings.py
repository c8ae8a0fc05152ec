"""Every setting, its type, its default and why: `config.example.yaml` tells the same in prose."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Literal

from platformdirs import user_data_path
from pydantic import BaseModel, Field, PrivateAttr

from mirror.config.declarations import Declared, Domain, Groups, Repositories, User
from mirror.config.places import Places
from mirror.config.registries import Connection, FormatName, Section
from mirror.config.values import (
    GIB,
    MIB,
    Address,
    Count,
    Duration,
    Lifetime,
    Location,
    Networks,
    Size,
    spelled,
)
from mirror.model import DEFAULT_DOMAIN


class Server(Section):
    host: Annotated[str, spelled(r"[A-Za-z0-9.:_%-]+", "an address or a host's name")] = "127.0.0.1"
    """Address or host name to listen on; loopback, so that nothing is shared by accident."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """TCP port to listen on; 0 lets the system choose one."""

    public_url: Address | None = None
    """Address under which clients reach the server; without it, that of each request is used."""

    trusted_proxies: Networks = ()
    """Addresses or networks whose X-Forwarded-… headers are believed; anyone else's are not."""

    header_timeout: Duration = 20.0
    """Seconds in which a whole request head must arrive: a trickling client holds no socket."""

    keepalive_timeout: Duration = 75.0
    """Seconds that an idle connection stays open: longer than proxies keep theirs (60 s)."""

    shutdown_grace: Lifetime = 30.0
    """Seconds that running transfers get to finish after SIGTERM; systemd kills after 45."""

    max_connections: Count = 10000
    """Client connections at once: some 75 MiB when idle, far more than a LAN of builders opens."""


class Auth(Section):
    anonymous: Literal["read", "none"] = "read"
    """What a caller without credentials may do: read packages, or nothing."""


class Cache(Section):
    document_memory: Size = 64 * MIB
    """Bytes of rendered documents kept in memory, so that a warm answer is a lookup and a write."""

    open_files: Count = 8192
    """Files kept open for sending, some two for a package; at most half of what the system lets the
    process open."""

    stale_wait: Lifetime = 3.0
    """Seconds that an expired document waits for its upstream before the old one is served."""

    negative_lifetime: Lifetime = 60.0
    """Seconds that "does not exist" is remembered: short, since a publish may follow at once."""

    lifetimes: Mapping[FormatName, Lifetime] = Field(default_factory=dict)
    """Seconds that an upstream's documents count as fresh, by format, in place of its own."""


class Upstream(Section):
    connect_timeout: Duration = 10.0
    """Seconds to reach a registry, name lookup and TLS included."""

    idle_timeout: Duration = 30.0
    """Seconds without a byte before a transfer is given up; no limit on a transfer's whole time."""

    retries: Annotated[int, Field(ge=0, le=10)] = 2
    """Further tries after an answer that may be better next time."""

    per_host: Count = 32
    """Connections to one host at once: enough for a cold install, few enough to be welcome."""

    breaker_failures: Count = 5
    """Failures in a row after which a host is left alone for a while."""

    breaker_pause_max: Duration = 60.0
    """Seconds of the longest such pause; it begins short and doubles."""

    user_agent_contact: (
        Annotated[str, spelled(r"[\x21-\x7e]+", "an address or URL in plain ASCII, without blanks")]
        | None
    ) = None
    """Address or URL in our User-Agent, so that a registry can complain before it blocks."""


class Limits(Section):
    asset_size: Size = 5 * GIB
    """Bytes of one file, fetched or published: CodeArtifact's own quota."""

    document_size: Size = 128 * MIB
    """Bytes of an upstream's document after decompression: the largest known have 100 MB."""

    publish_body: Size = int(2.8 * GIB)
    """Bytes of a publish request: a file of 2 GiB as npm sends it, in base64 with its document."""

    domains: Count = 10
    """Domains of one account: CodeArtifact's quota."""

    repositories: Count = 1000
    """Repositories of one domain: CodeArtifact's quota."""

    direct_upstreams: Count = 10
    """Upstream repositories of one repository: CodeArtifact's quota."""

    searched_upstreams: Count = 25
    """Repositories searched for one request: CodeArtifact's quota."""

    assets_per_version: Count = 150
    """Files of one package version: CodeArtifact's quota."""

    api_rates: Literal["off", "codeartifact"] = "off"
    """How often each operation of the API may be called: CodeArtifact's quotas, or no limit."""


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important message that is written."""

    format: Literal["auto", "json", "text"] = "auto"
    """How lines are written; auto is text on a terminal and JSON everywhere else."""


class Settings(Section):
    """The whole configuration; `load` is what makes one."""

    data_dir: Location = Field(
        default_factory=lambda: user_data_path("mirror"), validate_default=True
    )
    """Directory of everything that is kept; the platform's own, or systemd's StateDirectory."""

    account: Annotated[str, spelled(r"[0-9]{12}", "twelve digits")] = "000000000000"
    """Twelve digits: the account in ARNs and domain addresses."""

    region: Annotated[str, spelled(r"[a-z0-9-]{1,64}", "a region such as us-east-1")] = "us-east-1"
    """The region in ARNs; a signature may be for any."""

    server: Server = Server()
    """Where and how clients connect."""

    auth: Auth = Auth()
    """Who may do what."""

    cache: Cache = Cache()
    """What is kept at hand, and for how long."""

    upstream: Upstream = Upstream()
    """How other registries are asked."""

    limits: Limits = Limits()
    """What is too much."""

    log: Log = Log()
    """What is written to standard error."""

    connections: Mapping[
        Annotated[
            str,
            spelled(
                r"[A-Za-z0-9][A-Za-z0-9._:-]{1,99}",
                "a name of 2 to 100 letters, digits and . _ : - that begins with a letter or digit",
            ),
        ],
        Connection,
    ] = Field(default_factory=dict)
    """Registries beside the public ones, and changes to those, by name (API contract §2)."""

    repositories: Repositories = Field(default_factory=dict)
    """Repositories of the default domain that start-up makes so, by name; others are left alone."""

    groups: Groups = Field(default_factory=dict)
    """Package groups of the default domain that start-up makes so, by pattern."""

    domains: Mapping[
        Annotated[
            str,
            spelled(
                r"[a-z][a-z0-9_-]{0,48}[a-z0-9]",
                "a name of 2 to 50 lower-case letters, digits, - and _ that begins with a letter and "
                "ends with a letter or digit",
            ),
        ],
        Domain,
    ] = Field(default_factory=dict)
    """Domains that start-up makes so, by name, with what is in them."""

    users: Mapping[
        Annotated[
            str,
            spelled(
                r"[A-Za-z0-9+=,.@_-]{1,64}", "a name of up to 64 letters, digits and + = , . @ _ -"
            ),
        ],
        User,
    ] = Field(default_factory=dict)
    """Users that start-up makes so, by name."""

    _remarks: tuple[str, ...] = PrivateAttr(default=())

    _places: Places = PrivateAttr(default_factory=Places)

    def model_post_init(self, context: Any) -> None:
        given = context or {}
        self._remarks = tuple(given.get("remarks", ()))
        self._places = given.get("places", self._places)

    @property
    def places(self) -> Places:
        """Where each value was written, for what only later turns out to be a mistake."""
        return self._places

    @property
    def declared(self) -> tuple[Declared, ...]:
        """Every domain that the file says something of, the default one first."""
        domains = [
            Declared(name, domain, ("domains", name), ("domains", name))
            for name, domain in self.domains.items()
            if name != DEFAULT_DOMAIN
        ]
        if self.repositories or self.groups or DEFAULT_DOMAIN in self.domains:
            inside = {"repositories": self.repositories, "groups": self.groups}
            default = self.domains.get(DEFAULT_DOMAIN, Domain()).model_copy(update=inside)
            domains.insert(0, Declared(DEFAULT_DOMAIN, default, ("domains", DEFAULT_DOMAIN), ()))
        return tuple(domains)

    def written(self, key: str) -> bool:
        """Whether the file or the environment says `key` (`auth.anonymous`), default or not."""
        holder: object = self
        for name in key.split("."):
            if not isinstance(holder, BaseModel) or name not in holder.model_fields_set:
                return False
            holder = getattr(holder, name)
        return True

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the log at start-up: nothing that keeps the server from working."""
        if self.exposed and not self.written("auth.anonymous"):
            open_to_all = (
                f"listening on {self.server.host}, and whoever reaches it may read every package:"
                " write 'auth.anonymous: read' to say so, or 'none' to ask for credentials"
            )
            return (*self._remarks, open_to_all)
        return self._remarks

    @property
    def exposed(self) -> bool:
        """Whether other machines can reach the server."""
        try:
            return not ip_address(self.server.host).is_loopback
        except ValueError:
            return self.server.host != "localhost"
