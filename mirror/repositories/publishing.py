"""What a repository accepts: new versions, and files for those published here."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from mirror.errors import Conflict, Exceeded, Refused
from mirror.formats import FORMATS
from mirror.formats.format import Outcome, Publication
from mirror.model import Digests, Origin, OriginType, Package, Status, StoredAsset
from mirror.repositories import listings
from mirror.repositories.amending import advanced, versioned
from mirror.repositories.origins import GroupRights, defaults, publish_refusal
from mirror.repositories.searching import Walk
from mirror.repositories.upstreams import Upstreams
from mirror.store.batches import Batch
from mirror.store.blobs import Blobs
from mirror.store.database import Database, Transaction
from mirror.store.held import HeldPackage, held_package
from mirror.store.packages import Packages
from mirror.store.versions import (
    NewVersion,
    add_version,
    extend_version,
    put_about,
    put_package,
    put_tags,
    version_assets,
)

COMPANIONS = 2
"""What may stand beside a published file without counting: its metadata and its attestations."""


class Publisher:
    """Stores what clients publish. Authorization comes before."""

    def __init__(
        self,
        database: Database,
        packages: Packages,
        upstreams: Upstreams,
        blobs: Blobs,
        *,
        assets_per_version: int,
    ) -> None:
        self._database = database
        self._packages = packages
        self._upstreams = upstreams
        self._blobs = blobs
        self._most_assets = assets_per_version * (1 + COMPANIONS)

    async def publish(
        self, walk: Walk, publication: Publication, received: Mapping[str, Digests]
    ) -> Outcome:
        """Store a version whole, or add to one. The blobs of `received` are sealed already.

        The same bytes again are success and change nothing. Raises `Refused` where origin
        controls forbid publishing here, `Conflict` where the version exists with other bytes, is
        kept from view, came from outside, or can be reached upstream (API contract §11), and
        `Exceeded` for more files than a version may have.
        """
        async with Batch(self._blobs) as batch:
            made = [
                StoredAsset(name, await batch.add(content))
                for name, content in publication.made.items()
            ]
            given = [StoredAsset(each.name, received[each.part]) for each in publication.assets]
            outcome = await self._publish(walk, publication, [*given, *made])
            if outcome.created:
                await batch.keep()
        self._upstreams.forget(publication.package)
        return outcome

    async def _publish(
        self, walk: Walk, publication: Publication, assets: Sequence[StoredAsset]
    ) -> Outcome:
        package, version = publication.package, publication.version
        name = versioned(package, version)
        form = FORMATS[package.format]
        reachable = await self._reachable(walk, package, version)
        now = time.time()
        new = NewVersion(
            version=version,
            manifest=form.extended(None, publication, now),
            assets=assets,
            origin=Origin(OriginType.INTERNAL, repository=walk.repository.name),
            published_at=now,
            dependencies=publication.dependencies,
            summary=publication.summary,
        )

        async def store(transaction: Transaction) -> Outcome:
            held = await held_package(transaction, walk.repository.id, package)
            refusal = publish_refusal(
                held.controls if held else None, GroupRights(), walk.repository.name, name
            )
            if refusal is not None:
                raise Refused(refusal)
            if held is not None and version in held.versions and publication.extendable:
                manifest = orjson.loads(held.versions[version].manifest)
                grown = replace(new, manifest=form.extended(manifest, publication, now))
                if not await _extend(transaction, held, grown, name, self._most_assets):
                    return Outcome(created=False, revision=held.revision)
                return replace(await advanced(transaction, walk, held, package), created=True)
            if held is not None and version in held.versions:
                await _same_again(transaction, held, new, name)
                return Outcome(created=False, revision=held.revision)
            if reachable is not None:
                raise Conflict(
                    f"{name} exists in {reachable}, which '{walk.repository.name}' reads from: "
                    "publish another version"
                )
            controls = defaults(OriginType.INTERNAL, GroupRights())
            package_id = await put_package(
                transaction, walk.repository.id, package, controls, advance=True
            )
            await add_version(transaction, package_id, new)
            await put_tags(transaction, package_id, dict.fromkeys(publication.tags, version))
            if publication.about:
                await put_about(transaction, package_id, publication.about)
            return Outcome(created=True, revision=held.revision + 1 if held else 1)

        return await self._database.write(store)

    async def _reachable(self, walk: Walk, package: Package, version: str) -> str | None:
        """Where else a client of this repository could get the version from, in words.

        An upstream that does not answer does not keep anyone from publishing (User Guide,
        "Publishing package versions and upstream repositories"; npm.md §13.23).
        """
        rows = await self._packages.packages(package, walk.ids)
        holders = await self._packages.holders(package, walk.ids, version)
        for source in walk.sources({row.repository: row.controls for row in rows})[1:]:
            if source.struck is not None:
                continue
            if source.connection is None:
                if source.repository in holders:
                    return f"repository '{walk.names[source.repository]}'"
                continue
            asked = await self._upstreams.listing(walk.connection(source), package)
            if asked.listing is None:
                continue
            path = self._blobs.path(asked.listing.sha256)
            try:
                found = await asyncio.to_thread(listings.find, path, version=version, asset=None)
            except FileNotFoundError:  # replaced just now: the next publish will see it
                continue
            if found is not None:
                return f"'{source.connection}'"
        return None


async def _extend(
    transaction: Transaction, held: HeldPackage, new: NewVersion, name: str, most: int
) -> bool:
    """Add files to a version that was published here; False where it has exactly these already."""
    _published(held, new, name)
    if held.versions[new.version].origin != new.origin:
        raise Conflict(f"{name} already exists and came from upstream: nothing is added to it here")
    stored = await version_assets(transaction, held.id, new.version) or {}
    for asset in new.assets:
        if stored.get(asset.name, asset.digests.sha256) != asset.digests.sha256:
            raise Conflict(f"{asset.name} already exists with other content: publish a new version")
    missing = [asset for asset in new.assets if asset.name not in stored]
    if not missing:
        return False
    if len(stored) + len(missing) > most:
        raise Exceeded(f"{name} would have more files than limits.assets_per_version allows")
    await extend_version(transaction, held.id, new.version, missing, new.manifest)
    return True


def _published(held: HeldPackage, new: NewVersion, name: str) -> None:
    status = held.versions[new.version].status
    if status is not Status.PUBLISHED:
        raise Conflict(f"{name} exists with status {status}: delete it before publishing it again")


async def _same_again(
    transaction: Transaction, held: HeldPackage, new: NewVersion, name: str
) -> None:
    _published(held, new, name)
    stored = await version_assets(transaction, held.id, new.version)
    if stored != {each.name: each.digests.sha256 for each in new.assets}:
        raise Conflict(
            f"{name} exists with other content: publish a new version, or delete this one first"
        )
