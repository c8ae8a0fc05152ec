"""The nouns that every part of the mirror shares, in CodeArtifact's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

DEFAULT_DOMAIN = "default"
"""The domain of an address that names none."""

ROOT_GROUP = "/*"
"""The pattern of the package group that every domain has, and that every package matches."""


class Package(NamedTuple):
    """A package's canonical coordinates, as its format's `names` made them.

    `namespace` is empty where there is none (npm: the scope without its `@`).
    """

    format: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`format/namespace/name`, for people and logs."""
        return "/".join(part for part in self if part)


class Status(StrEnum):
    """A package version's status (API contract §9; Deleted is an event, never a stored status)."""

    PUBLISHED = "Published"
    UNFINISHED = "Unfinished"
    UNLISTED = "Unlisted"
    ARCHIVED = "Archived"
    DISPOSED = "Disposed"

    @property
    def listed(self) -> bool:
        """Whether clients see the version in listings."""
        return self is Status.PUBLISHED

    @property
    def grows(self) -> bool:
        """Whether its source may add files to a retained version: not once it was archived or
        disposed of (User Guide, "Requesting Python packages from upstreams…").
        """
        return self in (Status.PUBLISHED, Status.UNLISTED)

    @property
    def downloadable(self) -> bool:
        """Whether clients may fetch the version's assets."""
        return self in (Status.PUBLISHED, Status.UNLISTED, Status.UNFINISHED)


class OriginType(StrEnum):
    """How a version first came here (API contract §12)."""

    INTERNAL = "INTERNAL"
    EXTERNAL = "EXTERNAL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version entered the domain: a repository it was published to, or a connection."""

    type: OriginType
    repository: str | None = None
    connection: str | None = None


class Restriction(StrEnum):
    """A package-level origin control: publish or upstream, allowed or blocked."""

    ALLOW = "ALLOW"
    BLOCK = "BLOCK"


@dataclass(frozen=True, slots=True)
class OriginControls:
    """A package's origin configuration in one repository (API contract §12)."""

    publish: Restriction = Restriction.ALLOW
    upstream: Restriction = Restriction.ALLOW


class RestrictionType(StrEnum):
    """The ways into a repository that a package group governs (API contract §10)."""

    PUBLISH = "PUBLISH"
    EXTERNAL_UPSTREAM = "EXTERNAL_UPSTREAM"
    INTERNAL_UPSTREAM = "INTERNAL_UPSTREAM"


class RestrictionMode(StrEnum):
    """Which repositories a package group lets versions into on one of these ways."""

    ALLOW = "ALLOW"
    ALLOW_SPECIFIC_REPOSITORIES = "ALLOW_SPECIFIC_REPOSITORIES"
    BLOCK = "BLOCK"
    INHERIT = "INHERIT"


@dataclass(frozen=True, slots=True)
class PackageGroup:
    """A package group as it is configured, by a pattern that never changes.

    `modes` has every type; `allowed` holds repository ids, of the types that allow specific ones.
    """

    id: int
    pattern: str
    modes: Mapping[RestrictionType, RestrictionMode]
    allowed: Mapping[RestrictionType, frozenset[int]] = field(default_factory=dict)
    contact_info: str | None = None
    description: str | None = None
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Digests:
    """Size in bytes and lower-case hex digests of one blob, all computed in the same pass.

    Of an upstream's documents it is the SHA-256 alone; the others are empty.
    """

    size: int
    sha256: str
    md5: str = ""
    sha1: str = ""
    sha512: str = ""


_UNKNOWN: Mapping[str, str] = {}


# Promises and listed assets are named tuples, which are made nearly twice as fast as frozen
# dataclasses: a page of PyPI's has ten thousand of them.
class Promise(NamedTuple):
    """What an upstream's own document says about an asset's bytes.

    `digests` maps an algorithm's hashlib name (sha512, sha256, sha1, md5) to lower-case hex;
    the strongest one present decides. Both may be absent: old registries promise nothing.
    """

    size: int | None = None
    digests: Mapping[str, str] = _UNKNOWN

    @property
    def strongest(self) -> tuple[str, str] | None:
        """The (algorithm, hex) that decides, or None."""
        for algorithm in ("sha512", "sha256", "sha1", "md5"):
            if algorithm in self.digests:
                return algorithm, self.digests[algorithm]
        return None

    def broken_by(self, actual: Digests) -> str | None:
        """A sentence that says how `actual` breaks the promise, or None where it is kept."""
        if self.size is not None and self.size != actual.size:
            return f"promised {self.size} bytes, got {actual.size}"
        if self.strongest is not None:
            algorithm, expected = self.strongest
            found: str = getattr(actual, algorithm)
            if found != expected:
                return f"promised {algorithm} {expected}, got {found}"
        return None


class ListedAsset(NamedTuple):
    """One file of a version as a document lists it; `url` is absolute and the upstream's own."""

    name: str
    url: str
    promise: Promise


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """One version as one source describes it.

    `manifest` is the ecosystem's own description, with every field that the source gave, known
    or not. `published_at` is the true publish time in epoch seconds where the source tells it.
    `status` and `revision` are those of a version in our own store (API contract §8, §9).
    """

    version: str
    manifest: dict[str, Any]
    assets: tuple[ListedAsset, ...] = ()
    published_at: float | None = None
    status: Status = Status.PUBLISHED
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What one source, or several merged, say about a package.

    `versions` keeps the source's order. `tags` maps npm dist-tags to versions. `about` is the
    package-level part of the ecosystem's document. `revision` is the local revision number that
    optimistic writers must send back (npm's `_rev`). `withdrawn` tells that the source says itself
    that nothing of the package may be offered any more (PEP 792, quarantined): an empty listing is
    then no accident.
    """

    package: Package
    versions: dict[str, ListedVersion] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    revision: int = 0
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class StoredAsset:
    """A file of a version that our own store holds."""

    name: str
    digests: Digests


@dataclass(frozen=True, slots=True)
class Dependency:
    """One declared dependency (ListPackageVersionDependencies)."""

    namespace: str
    package: str
    type: str
    requirement: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What the API shows of a version beside its manifest (DescribePackageVersion).

    `display_name` is the package's name as its author spells it, where that is not its own.
    """

    summary: str | None = None
    home_page: str | None = None
    source_repository: str | None = None
    licenses: tuple[str, ...] = ()
    readme: str | None = None
    display_name: str | None = None
