"""The seam: what an ecosystem must know so that the mirror can speak its protocol.

Everything here is pure: bytes and values in, bytes and values out. A format parses a request into
an *intent*; the shells act on it; the format renders what came of it. So policy, caching,
conditional requests, ranges and errors are written once for all formats.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

from mirror.errors import MirrorError
from mirror.formats.changes import Change, Outcome, Part, Publication, Receiver
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
from mirror.model import Dependency, ListedVersion, Listing, Package, Promise, Status, Summary


@dataclass(frozen=True, slots=True)
class PublicConnection:
    """A public registry that a format knows: base URL and the hosts its files may come from."""

    name: str
    url: str
    store: str
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetch:
    """A document to ask an upstream for; the driver caches, revalidates and coalesces it.

    `followed` says that the conversation needs the body to go on; it receives b"" otherwise, so
    that a document of megabytes is not carried about only to be ignored. `html` says that a web
    page is an answer; elsewhere it is a registry's error page. A document that breaks `promise`
    is not kept. A copy that was asked for less than `lifetime` seconds ago is good enough: what one
    registry says of itself is asked for with every package. `check` raises `Misbehaved` for a body
    that is no such document: it is not kept.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    followed: bool = False
    html: bool = False
    promise: Promise = field(default_factory=Promise)
    lifetime: float = 0.0
    check: Callable[[bytes], object] | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a version once one of its files is here.

    `companions` are further assets that can be made of the file, by name (PyPI: a wheel's
    METADATA); `manifest` is the version's, with what the file says of itself; `dependencies` and
    `summary` are what the API shows.
    """

    manifest: Mapping[str, Any]
    dependencies: tuple[Dependency, ...] = ()
    summary: Summary = field(default_factory=Summary)
    companions: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of the local catalogue, for search results."""

    package: Package
    version: str
    manifest: Mapping[str, Any]
    published_at: float


class Format(Protocol):
    """Everything that the mirror must know of one ecosystem. All members are pure."""

    name: str
    lifetime: float
    """Seconds for which an upstream document counts as fresh."""
    connections: tuple[PublicConnection, ...]
    upstreams: bool
    """Whether packages are looked for beyond the repository that was asked (generic: never)."""
    companions: tuple[str, ...]
    """Suffixes of what is kept beside a version's files for clients, and is no file of its own."""
    shown: frozenset[Status]
    """Statuses of the versions that its documents tell of: Published ones to choose from, and
    more where a document is about one version that was named.
    """

    # -- names

    def package(self, namespace: str, name: str) -> Package:
        """Canonical coordinates; raises `Invalid` naming the rule that they break."""
        ...

    def address(self, package: Package) -> str:
        """The package's name as people write it (`@scope/name`)."""
        ...

    def likeness(self, package: Package) -> str | None:
        """Equal for packages of which a repository takes one (Cargo: `a-b` and `a_b`).

        Names that are alike differ in single characters only, for which this has `_`. None where
        no name is too much like another.
        """
        ...

    def order(self, version: str) -> Any:
        """A sort key: the ecosystem's own precedence."""
        ...

    def identity(self, version: str) -> str:
        """Equal for spellings that clients take for the same version (PyPI: 1.0 and 1.0.0)."""
        ...

    def uniqueness(self, version: str) -> str:
        """Equal for versions of which one at most may be published (Cargo: but for build metadata).

        As strict as `identity`, or stricter.
        """
        ...

    # -- serving

    def parse(self, call: Call) -> Intent:
        """What a request wants; raises `Invalid` or `NotFound` (kind `endpoint`)."""
        ...

    def render(
        self, intent: ReadPackage, listing: Listing, base: str, supplement: bytes = b""
    ) -> Rendering:
        """The document asked for. `base` is this repository's own URL, with a trailing slash.

        `supplement` is what the upstream answered to `Format.supplement`, empty where there was
        no answer. Raises `NotFound` when the listing lacks what the intent names.
        """
        ...

    def index(self, intent: ReadIndex, packages: Sequence[Package]) -> Rendering:
        """The list of packages that a repository holds."""
        ...

    def results(self, intent: Search, local: Sequence[Hit], upstream: bytes | None) -> Rendering:
        """Search results: what is stored, then what the upstream found beside it."""
        ...

    def refuse(self, error: MirrorError) -> Reply:
        """Any error of the tree in the ecosystem's words and statuses."""
        ...

    # -- upstream

    def conversation(self, base: str, package: Package) -> Generator[Fetch, bytes, None]:
        """The documents to ask for, one at a time; receives each `followed` body (decoded).

        A format whose first document names the next ones reads it here; `read` gets them all.
        """
        ...

    def read(
        self, package: Package, documents: Sequence[bytes], urls: Sequence[str] = ()
    ) -> Listing:
        """What an upstream's documents say. Raises `Misbehaved` for one that cannot be true.

        `urls` are where the documents finally came from, for links relative to that.
        """
        ...

    def supplement(self, intent: ReadPackage, base: str) -> Fetch | None:
        """A further document of the upstream at `base` that a view is filled up from.

        It may be missing; None for the views that listings say all of.
        """
        ...

    def refreshed(self, held: ListedVersion, found: ListedVersion) -> ListedVersion:
        """A retained version with what its source says of it now.

        A format whose versions never grow returns `held`; one whose versions gain files later
        joins them (PyPI: files and yanked flags).
        """
        ...

    def examine(self, version: ListedVersion, asset: str, file: BinaryIO) -> Findings:
        """What is known of a version now that its file `asset` is here.

        A file that cannot be read adds nothing and is no error: it was fetched for its bytes.
        """
        ...

    # -- publishing

    def receiver(self, intent: Submit) -> Receiver:
        """A fresh receiver for the body of a request."""
        ...

    def change(self, intent: Submit, body: bytes, parts: Mapping[str, Part]) -> Change:
        """What the request changes, checked against the archive that it carries.

        Raises `Invalid` with one message per rule. Runs in a thread: it may read `parts`.
        """
        ...

    def extended(
        self, held: Mapping[str, Any] | None, publication: Publication, at: float
    ) -> Mapping[str, Any]:
        """The manifest of a version with one more publication, made at `at` (epoch seconds).

        `held` is the manifest before, None for a new version.
        """
        ...

    def acknowledge(self, change: Change, outcome: Outcome) -> Reply:
        """The success answer that the ecosystem's clients expect."""
        ...
