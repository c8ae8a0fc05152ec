"""The npm ecosystem as one object: the `Format` protocol, each member a line into its module."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, BinaryIO

from mirror.errors import MirrorError, NotFound
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
from mirror.formats.npm import changes, errors, names, requests, search, summary, views
from mirror.formats.npm.attachments import AttachmentSplitter
from mirror.formats.npm.documents import read as read_packument
from mirror.formats.npm.versions import Precedence, precedence
from mirror.model import ListedVersion, Listing, Package, Status


class Npm:
    """npm's registry protocol, as npm, pnpm, yarn and bun speak it."""

    name = "npm"
    lifetime = 300.0  # seconds; what npmjs itself tells its caches
    connections: tuple[PublicConnection, ...] = (
        PublicConnection(
            name="public:npmjs",
            url="https://registry.npmjs.org/",
            store="npm-store",
            hosts=("registry.npmjs.org", "*.npmjs.org"),
        ),
    )
    upstreams = True
    companions: tuple[str, ...] = ()
    shown = frozenset({Status.PUBLISHED})

    def package(self, namespace: str, name: str) -> Package:
        """Canonical coordinates; raises `Invalid`. The namespace is the scope without its `@`."""
        return names.package(namespace, name)

    def address(self, package: Package) -> str:
        """`name` or `@scope/name`."""
        return names.address(package)

    def likeness(self, package: Package) -> None:
        """Names are the same or they are not."""

    def order(self, version: str) -> Precedence:
        """SemVer precedence, loose for versions from before it."""
        return precedence(version)

    def identity(self, version: str) -> str:
        """Every spelling is a version of its own."""
        return version

    def uniqueness(self, version: str) -> str:
        """Any version may be published beside any other."""
        return self.identity(version)

    def parse(self, call: Call) -> Intent:
        """What a request wants; raises `Invalid` or `NotFound`."""
        return requests.parse(call)

    def render(
        self,
        intent: ReadPackage,
        listing: Listing,
        base: str,
        supplement: bytes = b"",  # noqa: ARG002 -- npm asks for none
    ) -> Rendering:
        """A packument (full, abbreviated), a manifest, the tags, or attestations."""
        return views.render(intent, listing, base)

    def index(self, intent: ReadIndex, packages: Sequence[Package]) -> Rendering:  # noqa: ARG002 -- the seam's
        """Npm has given up its list of everything."""
        raise NotFound(
            "endpoint", intent.view, "the npm registry lists no packages; search instead"
        )

    def results(self, intent: Search, local: Sequence[Hit], upstream: bytes | None) -> Rendering:
        """The answer to `npm search`."""
        return search.results(intent, local, upstream)

    def refuse(self, error: MirrorError) -> Reply:
        """An error as npm's clients print it."""
        return errors.refuse(error)

    def conversation(self, base: str, package: Package) -> Generator[Fetch, bytes, None]:
        """One document says it all; the full one, from which the short one is made."""
        url = f"{base.rstrip('/')}/{names.escaped(package)}"
        yield Fetch(url, {"Accept": "application/json"})

    def read(
        self,
        package: Package,
        documents: Sequence[bytes],
        urls: Sequence[str] = (),  # noqa: ARG002 -- npm's addresses are absolute
    ) -> Listing:
        """What a packument says; raises `Misbehaved`."""
        return read_packument(package, documents)

    def refreshed(self, held: ListedVersion, found: ListedVersion) -> ListedVersion:  # noqa: ARG002 -- the seam's
        """A version is published once, whole; what is retained stays as it was (U8)."""
        return held

    def supplement(self, intent: ReadPackage, base: str) -> Fetch | None:  # noqa: ARG002 -- the seam's
        """A packument says it all."""
        return None

    def examine(self, version: ListedVersion, asset: str, file: BinaryIO) -> Findings:  # noqa: ARG002 -- the seam's
        """What the API shows of the version: its manifest says it all, without the tarball."""
        return Findings(
            manifest=version.manifest,
            dependencies=summary.dependencies(version.manifest),
            summary=summary.summary(version.manifest),
        )

    def receiver(self, intent: Submit) -> Receiver:
        """Tarballs go to parts, the document around them is the rest."""
        return AttachmentSplitter(intent.limit)

    def change(self, intent: Submit, body: bytes, parts: Mapping[str, Part]) -> Change:
        """What a written document changes; raises `Invalid`."""
        return changes.change(intent, body, parts)

    def extended(
        self,
        held: Mapping[str, Any] | None,  # noqa: ARG002 -- versions never grow
        publication: Publication,
        at: float,  # noqa: ARG002 -- the seam's
    ) -> Mapping[str, Any]:
        """The manifest as it was published."""
        return publication.manifest

    def acknowledge(self, change: Change, outcome: Outcome) -> Reply:
        """Success as npm's clients expect it."""
        return changes.acknowledge(change, outcome)
