"""What requests want, as values (intents), and the small replies that formats know by themselves.

Pure. A format parses a `Call` into an intent; the shells act on it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mirror.formats.changes import Change, Publication
from mirror.model import Package


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
class Describe:
    """Tell clients about the repository itself: where what is in it, and who may read.

    `reply` makes the answer from the repository's own URL, with a trailing slash, and whether
    reading needs credentials (Cargo's `config.json`, NuGet's service index).
    """

    reply: Callable[[str, bool], Reply]


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
    proposal: Publication | None = None


@dataclass(frozen=True, slots=True)
class Alter:
    """A request that carries its whole change in the address (npm: DELETE of a tag)."""

    change: Change


Intent = (
    ReadPackage
    | ReadIndex
    | ReadAsset
    | Search
    | Relay
    | Answer
    | WhoAmI
    | Describe
    | Submit
    | Alter
)
