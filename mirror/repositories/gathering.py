"""Versions that a repository can reach, fetched whole into it as a client would (U3, U6)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mirror.compute import Compute
from mirror.errors import NotFound
from mirror.formats import FORMATS
from mirror.formats.intents import ReadAsset
from mirror.model import Package
from mirror.repositories import listings
from mirror.repositories.assets import Arriving, AssetReader
from mirror.repositories.documents import DocumentReader
from mirror.repositories.merging import Holding, StoredVersion, merge
from mirror.repositories.origins import Plan
from mirror.repositories.searching import Walk
from mirror.repositories.statuses import no_package
from mirror.repositories.upstreams import Asked, Upstreams
from mirror.store.blobs import Blobs
from mirror.store.documents import StoredListing

AT_ONCE = 4
"""Files that one call fetches at a time."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which versions of a package, and all that a walk knows of it.

    `listings` maps a connection to its listing's file.
    """

    package: Package
    versions: Sequence[str]
    plan: Plan
    holdings: Mapping[int, Holding]
    listings: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be reached: (version, file) pairs that the walk's own repository does not hold yet,
    the tags that clients see, and those of the versions that nobody shows.
    """

    files: Sequence[tuple[str, str]]
    tags: Mapping[str, str]
    missing: Sequence[str]


def look(question: Question) -> Seen:
    """What the walk shows of these versions, or holds unlisted. Whether a file may really be had is
    for who reads it to find out.
    """
    package, plan = question.package, question.plan
    form = FORMATS[package.format]
    merged = merge(
        form,
        package,
        plan.steps,
        plan.sources,
        question.holdings,
        {
            connection: listings.decode(package, path.read_bytes())
            for connection, path in question.listings.items()
        },
    )
    shown = {
        form.identity(version): (version, [asset.name for asset in each.assets])
        for version, each in merged.listing.versions.items()
    }
    for source in plan.sources:
        if source.connection is None and source.struck is None:
            for version, held in _held(question, source.repository).items():
                if held.status.grows:
                    files = [name for name, _ in held.assets]
                    shown.setdefault(form.identity(version), (version, files))
    own = {
        (version, name)
        for version, held in _held(question, plan.steps[0].repository).items()
        for name, _ in held.assets
    }
    wanted = {form.identity(version): version for version in question.versions}
    return Seen(
        files=[
            (version, name)
            for version, files in (shown[each] for each in wanted if each in shown)
            for name in files
            # What stands beside a file (PyPI: its metadata) is made of it, or read as documents are.
            if name.rpartition(".")[0] not in files and (version, name) not in own
        ],
        tags=merged.listing.tags,
        missing=[version for each, version in wanted.items() if each not in shown],
    )


class Gatherer:
    """Fetches what a walk can reach. Authorization comes before."""

    def __init__(
        self,
        documents: DocumentReader,
        upstreams: Upstreams,
        assets: AssetReader,
        blobs: Blobs,
        compute: Compute,
    ) -> None:
        self._documents = documents
        self._upstreams = upstreams
        self._assets = assets
        self._blobs = blobs
        self._compute = compute

    async def gather(
        self, walk: Walk, package: Package, versions: Sequence[str]
    ) -> Mapping[str, str]:
        """Have the walk's own repository hold these versions, with every file; the package's tags.

        A version that is nowhere, or that may not be had here, is no error: it is just not held
        afterwards. Raises `NotFound` for a package that nobody knows, `Unavailable` or
        `Misbehaved` where that cannot be known, and `Storage`.
        """
        try:
            seen = await self._look(walk, package, versions)
        except FileNotFoundError:  # a newer listing took the place of the one we had found
            seen = await self._look(walk, package, versions)
        turns = asyncio.Semaphore(AT_ONCE)

        async def fetch(version: str, file: str) -> None:
            async with turns:
                await self._fetch(walk, ReadAsset(package, file, version))

        fetches = (fetch(version, file) for version, file in seen.files)
        # What others have begun is still of use where one fails.
        for failure in await asyncio.gather(*fetches, return_exceptions=True):
            if failure is not None:
                raise failure
        return seen.tags

    async def _look(self, walk: Walk, package: Package, versions: Sequence[str]) -> Seen:
        holdings = await self._documents.holdings(walk, package)
        plan = walk.plan(
            package,
            {id_: each.controls for id_, each in holdings.items() if each.controls is not None},
        )
        identity = FORMATS[package.format].identity
        held = {identity(version) for each in holdings.values() for version in each.versions}
        unknown = [version for version in versions if identity(version) not in held]
        asked = await self._ask(walk, plan, package, unknown)
        found = {name: each.listing for name, each in asked.items() if each.listing is not None}
        paths = {name: self._blobs.path(each.sha256) for name, each in found.items()}
        question = Question(package, versions, plan, holdings, paths)
        size = sum(each.size for each in found.values())
        seen = await self._compute.run(size, look, question)
        for each in asked.values():
            # What is held somewhere and kept back there is no question to an upstream.
            if set(unknown) & set(seen.missing) and not isinstance(each.error, NotFound | None):
                raise each.error
        if not found and not holdings:
            raise no_package(package, walk.repository)
        return seen

    async def _ask(
        self, walk: Walk, plan: Plan, package: Package, unknown: Sequence[str]
    ) -> Mapping[str, Asked]:
        """What each connection lists; a listing without a version that nobody holds is renewed."""
        connections = {
            source.connection: walk.connection(source)
            for source in plan.sources
            if source.connection is not None and source.struck is None
        }
        lacking = self._lacking(package, unknown) if unknown else None
        answers = await asyncio.gather(
            *(
                self._upstreams.listing(connection, package, lacking=lacking)
                for connection in connections.values()
            )
        )
        return dict(zip(connections, answers, strict=True))

    def _lacking(
        self, package: Package, versions: Sequence[str]
    ) -> Callable[[StoredListing], Awaitable[bool]]:
        identity = FORMATS[package.format].identity

        async def lacking(listing: StoredListing) -> bool:
            path = self._blobs.path(listing.sha256)

            def lacks() -> bool:
                listed = {identity(version) for version in listings.versions(path)}
                return any(identity(version) not in listed for version in versions)

            try:
                return await asyncio.to_thread(lacks)
            except FileNotFoundError:  # a newer listing has just taken its place
                return True

        return lacking

    async def _fetch(self, walk: Walk, intent: ReadAsset) -> None:
        """One file, until it is in its place; reading it retains its version."""
        with suppress(NotFound):  # listed, and not to be had
            found = await self._assets.read(walk, intent)
            if isinstance(found, Arriving):
                async with found.follower as follower:
                    await follower.landed()


def _held(question: Question, repository: int) -> Mapping[str, StoredVersion]:
    return question.holdings.get(repository, Holding()).versions
