"""The Cargo ecosystem as one object: the `Format` protocol, each member a line into its module."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, BinaryIO

from mirror.errors import MirrorError, NotFound
from mirror.formats.cargo import (
    errors,
    index,
    names,
    publish,
    replies,
    requests,
    search,
    upstream,
    versions,
    views,
)
from mirror.formats.cargo.frame import FrameReceiver
from mirror.formats.changes import Change, Outcome, Part, Publication, Receiver
from mirror.formats.format import Fetch, Findings, Hit, PublicConnection
from mirror.formats.intents import (
    Call,
    Intent,
    ReadIndex,
    ReadPackage,
    Rendering,
    Reply,
    Search,
    Submit,
)
from mirror.model import ListedVersion, Listing, Package, Status


class Cargo:
    """The sparse index and the web API of a registry, as cargo speaks them since 1.68.

    A connection's address is that of its index, without `sparse+` in front.
    """

    name = "cargo"
    lifetime = 300.0  # seconds; index.crates.io allows its caches 600
    connections: tuple[PublicConnection, ...] = (
        PublicConnection(
            name="public:crates-io",
            url="https://index.crates.io/",
            store="cargo-store",
            hosts=("index.crates.io", "static.crates.io", "crates.io"),
        ),
    )
    upstreams = True
    companions: tuple[str, ...] = ()
    shown = frozenset({Status.PUBLISHED, Status.UNLISTED})

    # -- names

    def package(self, namespace: str, name: str) -> Package:
        """Coordinates in lower case; raises `Invalid`."""
        return names.package(namespace, name)

    def address(self, package: Package) -> str:
        """The name, in lower case."""
        return package.name

    def likeness(self, package: Package) -> str:
        """The name with `_` for `-`: of crates that differ in nothing else, one is published
        (crates.io's rule; both are one name in Rust).
        """
        return package.name.replace("-", "_")

    def order(self, version: str) -> versions.Precedence:
        """SemVer precedence, then build metadata."""
        return versions.precedence(version)

    def identity(self, version: str) -> str:
        """Every text is a version of its own: resolvers keep `1.0.0+a` and `1.0.0+b` apart."""
        return version

    def uniqueness(self, version: str) -> str:
        """The version without its build metadata."""
        return versions.uniqueness(version)

    # -- serving

    def parse(self, call: Call) -> Intent:
        """What a request wants; raises `Invalid`, `NotFound` or `Refused`."""
        return requests.parse(call)

    def render(
        self,
        intent: ReadPackage,
        listing: Listing,
        base: str,
        supplement: bytes = b"",  # noqa: ARG002 -- none was asked for
    ) -> Rendering:
        """An index file, or crates.io's JSON."""
        return views.render(intent, listing, base)

    def index(self, intent: ReadIndex, packages: Sequence[Package]) -> Rendering:  # noqa: ARG002 -- the seam's
        """The sparse protocol has no such document."""
        raise NotFound("endpoint", intent.view, "a sparse index lists no crates; search instead")

    def results(self, intent: Search, local: Sequence[Hit], upstream: bytes | None) -> Rendering:  # noqa: ARG002 -- nobody is asked
        """The answer to `cargo search`."""
        return search.results(intent, local)

    def refuse(self, error: MirrorError) -> Reply:
        """An error as cargo prints it."""
        return errors.refuse(error)

    # -- upstream

    def conversation(self, base: str, package: Package) -> Generator[Fetch, bytes, None]:
        """config.json, then the crate's index file; raises `Misbehaved`."""
        return upstream.conversation(base, package)

    def read(
        self,
        package: Package,
        documents: Sequence[bytes],
        urls: Sequence[str] = (),  # noqa: ARG002 -- cargo's addresses are absolute
    ) -> Listing:
        """What these two say; raises `Misbehaved`."""
        return index.read(package, documents)

    def supplement(self, intent: ReadPackage, base: str) -> Fetch | None:  # noqa: ARG002 -- the seam's
        """An index file says all that cargo needs."""
        return None

    def refreshed(self, held: ListedVersion, found: ListedVersion) -> ListedVersion:
        """A retained version, yanked or not as its source has it now."""
        return index.refreshed(held, found)

    def examine(self, version: ListedVersion, asset: str, file: BinaryIO) -> Findings:
        """What a fetched crate says of its version."""
        return publish.examine(version, asset, file)

    # -- publishing

    def receiver(self, intent: Submit) -> Receiver:  # noqa: ARG002 -- there is one kind of body
        """The crate goes to a part, the JSON before it is the rest."""
        return FrameReceiver()

    def change(self, intent: Submit, body: bytes, parts: Mapping[str, Part]) -> Change:  # noqa: ARG002 -- there is one kind of body
        """The version that a frame publishes; raises `Invalid` or `Exceeded`."""
        return publish.publication(body, parts)

    def extended(
        self,
        held: Mapping[str, Any] | None,  # noqa: ARG002 -- versions never grow
        publication: Publication,
        at: float,
    ) -> Mapping[str, Any]:
        """The manifest with the time of publishing."""
        return publish.extended(publication, at)

    def acknowledge(self, change: Change, outcome: Outcome) -> Reply:  # noqa: ARG002 -- the seam's
        """Success as cargo expects it."""
        return replies.acknowledge(change)
