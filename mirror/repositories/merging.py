"""What a package looks like through a chain of repositories (API contract §7, §13; npm.md §11).

Pure: rows and listings in, one listing out, together with the verdict on every version of every
source.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import orjson

from mirror.model import (
    ListedAsset,
    ListedVersion,
    Listing,
    Origin,
    OriginControls,
    OriginType,
    Package,
    Promise,
    Status,
)
from mirror.repositories.chain import Step
from mirror.repositories.origins import Source


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version that a repository holds. `manifest` is JSON still: whoever merges parses it.

    `assets` are names with what their bytes are.
    """

    version: str
    manifest: str
    assets: tuple[tuple[str, Promise], ...]
    published_at: float | None
    status: Status
    origin: Origin
    revision: str

    def listed(self) -> ListedVersion:
        """The version as its own repository lists it."""
        return ListedVersion(
            version=self.version,
            manifest=orjson.loads(self.manifest),
            assets=tuple(ListedAsset(name, "", promise) for name, promise in self.assets),
            published_at=self.published_at,
            status=self.status,
            revision=self.revision,
        )


@dataclass(frozen=True, slots=True)
class Holding:
    """What one repository holds of a package."""

    versions: Mapping[str, StoredVersion] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, object] = field(default_factory=dict)
    controls: OriginControls | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one version of one source, and why."""

    repository: int
    connection: str | None
    version: str
    shown: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Merged:
    """The joint listing and how it came about."""

    listing: Listing
    verdicts: tuple[Verdict, ...]


class Joining(Protocol):
    """What merging needs to know of a format."""

    @property
    def shown(self) -> Collection[Status]: ...
    def identity(self, version: str) -> str: ...
    def refreshed(self, held: ListedVersion, found: ListedVersion) -> ListedVersion: ...


class _Offer(NamedTuple):
    """A version as one source has it."""

    version: ListedVersion
    status: Status
    origin: Origin


def merge(
    form: Joining,
    package: Package,
    steps: Sequence[Step],
    sources: Sequence[Source],
    holdings: Mapping[int, Holding],
    upstreams: Mapping[str, Listing],
) -> Merged:
    """Join what each source says.

    The nearest source that has a version decides on it, also where it hides it (U3, U9); farther
    sources refresh it, as far as its format lets versions grow, if theirs is of the same origin: a
    version published here is never mixed with files from outside. Tags are a union in which the
    upstream's value wins (User Guide, "npm tags and upstream repositories"); of two upstreams, the
    one with priority. A tag counts only if its version is shown.

    Of a withdrawn package nothing is shown that came from there, though it may be stored here: the
    flag is refreshed as yanked ones are. What is stored remains, and is downloadable (U8), as an
    unlisted version is.
    """
    withdrawn = {
        source.connection
        for source in sources
        if source.connection is not None and source.struck is None
        if (listing := upstreams.get(source.connection)) is not None and listing.withdrawn
    }
    versions: dict[str, ListedVersion] = {}
    decided: dict[str, tuple[str, Origin | None]] = {}
    verdicts: list[Verdict] = []
    about: dict[str, object] = {}
    for source in sources:
        for offer in _offers(source, holdings, upstreams):
            name = offer.version.version
            identity = form.identity(name)
            shown, reason = _judge(source, offer, decided.get(identity), withdrawn, form.shown)
            verdicts.append(Verdict(source.repository, source.connection, name, shown, reason))
            if source.struck is None:
                first, origin = decided.get(identity, (name, offer.origin))
                same = origin == offer.origin and offer.status.grows
                if identity in decided and same and first in versions:
                    versions[first] = form.refreshed(versions[first], offer.version)
                decided[identity] = (first, origin if same else None)
            if shown:
                versions[name] = offer.version
        if source.struck is None:
            for key, value in _about(source, holdings, upstreams).items():
                about.setdefault(key, value)
    own = holdings.get(steps[0].repository) if steps else None
    joint = Listing(
        package=package,
        versions=versions,
        tags=_tags(0, steps, sources, holdings, upstreams, versions),
        about=about,
        revision=own.revision if own else 0,
        withdrawn=bool(withdrawn),
    )
    return Merged(joint, tuple(verdicts))


def _offers(
    source: Source, holdings: Mapping[int, Holding], upstreams: Mapping[str, Listing]
) -> Iterator[_Offer]:
    if source.connection is not None:
        listing = upstreams.get(source.connection)
        for version in listing.versions.values() if listing else ():
            origin = Origin(OriginType.EXTERNAL, connection=source.connection)
            yield _Offer(version, Status.PUBLISHED, origin)
        return
    for held in holdings.get(source.repository, Holding()).versions.values():
        yield _Offer(held.listed(), held.status, held.origin)


def _judge(
    source: Source,
    offer: _Offer,
    decided: object,
    withdrawn: Collection[str],
    shown: Collection[Status],
) -> tuple[bool, str]:
    if source.struck is not None:
        return False, source.struck
    if decided is not None:
        return False, "a nearer source has it"
    if offer.origin.connection in withdrawn:
        return False, f"{offer.origin.connection} no longer offers the package"
    if offer.status not in shown:
        return False, f"status {offer.status}"
    return True, "shown"


def _about(
    source: Source, holdings: Mapping[int, Holding], upstreams: Mapping[str, Listing]
) -> Mapping[str, object]:
    if source.connection is not None:
        listing = upstreams.get(source.connection)
        return listing.about if listing else {}
    holding = holdings.get(source.repository)
    return holding.about if holding else {}


def _tags(
    index: int,
    steps: Sequence[Step],
    sources: Sequence[Source],
    holdings: Mapping[int, Holding],
    upstreams: Mapping[str, Listing],
    shown: Mapping[str, ListedVersion],
) -> dict[str, str]:
    if index >= len(steps):
        return {}
    tags: dict[str, str] = {}
    for source in sources:
        if source.step != index or source.struck is not None:
            continue
        if source.connection is None:
            holding = holdings.get(source.repository)
            own: Mapping[str, str] = holding.tags if holding else {}
        else:
            listing = upstreams.get(source.connection)
            own = listing.tags if listing else {}
        tags.update({tag: version for tag, version in own.items() if version in shown})
    children = [place for place, step in enumerate(steps) if step.parent == index]
    for child in reversed(children):
        tags.update(_tags(child, steps, sources, holdings, upstreams, shown))
    return tags
