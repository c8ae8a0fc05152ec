"""What requests change, as values; the bodies that tell it; and what came of it. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

from mirror.model import Dependency, Digests, Package, Promise, Status, Summary


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
class SetStatus:
    """Give held versions a status (Cargo: a yanked version is Unlisted)."""

    package: Package
    versions: tuple[str, ...]
    status: Status


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


Change = Publication | SetTags | Annotate | SetStatus | Remove | SignIn | SignOut | Nothing


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
