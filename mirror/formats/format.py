"""The seam: what an ecosystem must know so that the mirror can speak its protocol.

Everything here is pure: bytes and values in, bytes and values out. A format parses a request into
an *intent*; the shells act on it; the format renders what came of it. So policy, caching,
conditional requests, ranges and errors are written once for all formats.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

from mirror.errors import MirrorError
from mirror.model import (
    Dependency,
    Digests,
    ListedVersion,
    Listing,
    Package,
    Promise,
    Status,
    Summary,
)

# ---------------------------------------------------------------- requests and replies


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a format sees it.

    `path` is raw (percent-encoding untouched, so that `%2f` is not lost) and begins below the
    repository, without a leading slash; `query` is the raw query string. `headers` looks names
    up case-insensitively.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete small answer.

    `reason` is the phrase beside the status where a client shows that and nothing else: printable
    ASCII. Without it the status has its own name.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rendering:
    """A document as clients get it, before compression; ETag and caching are the shell's."""

    body: bytes
    content_type: str


# ---------------------------------------------------------------- intents


@dataclass(frozen=True, slots=True)
class ReadPackage:
    """Read a document about one package.

    `view` is the format's own word for a rendering (npm: full, abbreviated, manifest, tags).
    `version` is set when the request names one: a cached document that lacks it is refreshed.
    `fresh` asks for an answer newer than any cache (npm: `?write=true`).
    """

    package: Package
    view: str
    version: str | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class ReadIndex:
    """Read the list of all packages that a repository can show without asking any upstream.

    `view` is the format's own word for a rendering, as in `ReadPackage`.
    """

    view: str


@dataclass(frozen=True, slots=True)
class ReadAsset:
    """Read one file. `version` is None where the address does not tell it.

    `beside` names the file that this one only tells about (PyPI: a wheel of its `.metadata`).
    Reading it retains nothing (API contract §13, U7). `headers` are further ones of the answer.
    `lasting` is False where the address may come to mean another file: clients then ask each time.
    """

    package: Package
    asset: str
    version: str | None = None
    content_type: str = "application/octet-stream"
    beside: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class Search:
    """Full-text search over what is stored, joined with the upstream's own results.

    `upstream` is the path below an upstream's base URL that asks it the same question.
    """

    text: str
    limit: int
    offset: int
    upstream: str | None = None


@dataclass(frozen=True, slots=True)
class Relay:
    """Hand the request to the external connection and its answer back, untouched.

    `path` and `query` are relative to the upstream's base URL. With a `lifetime` (seconds) a GET
    is cached like a document and served stale when the upstream is away. `local` is tried first.
    `headers` are the request headers to pass on; `absent` is the sentence for "no upstream".
    """

    path: str
    query: str = ""
    lifetime: float | None = None
    local: ReadPackage | None = None
    headers: tuple[str, ...] = ("accept", "content-type", "content-encoding")
    absent: str = "this repository has no upstream that answers this"


@dataclass(frozen=True, slots=True)
class Answer:
    """Nothing to look up: the format itself knows the reply (ping, fixed documents).

    `authenticated` asks the shell to refuse a bad credential first (npm ping verifies auth);
    anonymous callers pass where anonymous reading does.
    """

    reply: Reply
    authenticated: bool = False


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """Name the caller; `reply` makes the answer from the user's name."""

    reply: Callable[[str], Reply]


@dataclass(frozen=True, slots=True)
class Submit:
    """A request whose body decides what it changes.

    The shell authorizes `action` (an IAM action name, on `package` where the address names it),
    spools the body through `Format.receiver`, and hands both to `Format.change`.
    `limit` is the largest acceptable body in bytes, None for the configured publish limit.
    `proposal` is the publication as far as the address tells it, where the body is the asset
    itself: what can be refused is then refused before the body is read.
    """

    action: str
    kind: str
    package: Package | None = None
    argument: str = ""
    limit: int | None = None
    proposal: "Publication | None" = None


@dataclass(frozen=True, slots=True)
class Alter:
    """A request that carries its whole change in the address (npm: DELETE of a tag)."""

    change: "Change"


Intent = ReadPackage | ReadIndex | ReadAsset | Search | Relay | Answer | WhoAmI | Submit | Alter

# ---------------------------------------------------------------- changes


@dataclass(frozen=True, slots=True)
class PublishedAsset:
    """A file of a publication: its public name and which received part holds its bytes.

    `promise` is what the client said of them before they came.
    """

    name: str
    part: str
    promise: Promise = field(default_factory=Promise)


@dataclass(frozen=True, slots=True)
class Publication:
    """A new version, checked against its own archive and ready to be stored whole.

    `made` are further assets that the format made of the received ones, by name; `companions` of
    them may stand beside each received one without counting as a file of the version.

    A version that exists takes further assets while its status is one of `extends` (PyPI:
    Published; generic: Unfinished; npm: none), and the same assets again are success while it is
    one of `repeats`; all else is a conflict (API contract §11). `unfinished` leaves the version
    open for more; without it an Unfinished version becomes Published.
    """

    package: Package
    version: str
    manifest: dict[str, Any]
    assets: tuple[PublishedAsset, ...]
    tags: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()
    summary: Summary = field(default_factory=Summary)
    made: Mapping[str, bytes] = field(default_factory=dict)
    companions: int = 0
    extends: frozenset[Status] = frozenset()
    repeats: frozenset[Status] = frozenset({Status.PUBLISHED})
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class SetTags:
    """Point tags at versions; None removes the tag."""

    package: Package
    tags: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Annotate:
    """Merge `notes[version]` into the manifests of stored versions; a None value drops the field.

    Only differences are applied, so a client may send back every version that it read
    (npm deprecate). `revision` is what the client read, None where it did not say.
    """

    package: Package
    notes: Mapping[str, Mapping[str, Any]]
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete stored versions: `versions` by name, or all but `keep`, or (both None) the package.

    `strict` makes an error of a named version that is not held (npm names some twice).
    """

    package: Package
    versions: tuple[str, ...] | None = None
    keep: tuple[str, ...] | None = None
    revision: str | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class SignIn:
    """Trade a user name and password for a token."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class SignOut:
    """Revoke the token given."""

    token: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """A request that is understood, allowed, and changes nothing here (npm star)."""


Change = Publication | SetTags | Annotate | Remove | SignIn | SignOut | Nothing


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a change: whether something new was made, the package's new revision, a token.

    Of a publication also the version's `status` and its `version_revision` (API contract §8).
    """

    created: bool = False
    revision: int = 0
    status: Status | None = None
    version_revision: str = ""
    token: str | None = None
    user: str | None = None


# ---------------------------------------------------------------- bodies


@dataclass(frozen=True, slots=True)
class Part:
    """A received file: its digests, and a function that opens it read-only and seekable."""

    digests: Digests
    open: Callable[[], BinaryIO]


class Receiver(Protocol):
    """Takes a request body apart as it arrives, without I/O and in bounded memory.

    `feed` yields (part name, bytes) for what must be spooled to disk, in order; a part begins
    with its first pair and ends where the next begins or the body does. It is fed b"" before the
    body: where the body is one file, that begins then, be it empty. `close` returns the rest
    (fields or the document around the files) and raises `Invalid` for a body that is cut short.
    """

    def feed(self, data: bytes) -> Iterable[tuple[str, bytes]]: ...

    def close(self) -> bytes: ...


# ---------------------------------------------------------------- upstream


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
    is not kept.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    followed: bool = False
    html: bool = False
    promise: Promise = field(default_factory=Promise)


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

    def order(self, version: str) -> Any:
        """A sort key: the ecosystem's own precedence."""
        ...

    def identity(self, version: str) -> str:
        """Equal for spellings that clients take for the same version (PyPI: 1.0 and 1.0.0)."""
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
