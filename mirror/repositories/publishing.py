"""What a repository accepts: new versions, and assets for those published here."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mirror.errors import Blocked, Conflict, Exceeded
from mirror.formats import FORMATS
from mirror.formats.changes import Outcome, Publication
from mirror.model import (
    Digests,
    Origin,
    OriginControls,
    OriginType,
    Package,
    Status,
    StoredAsset,
)
from mirror.repositories import listings
from mirror.repositories.amending import advanced, versioned
from mirror.repositories.conflicts import missing
from mirror.repositories.origins import defaults, publish_refusal
from mirror.repositories.searching import Walk
from mirror.repositories.spelling import spelling
from mirror.repositories.upstreams import Upstreams
from mirror.store.batches import Batch
from mirror.store.blobs import Blobs
from mirror.store.database import Database
from mirror.store.held import HeldPackage, alike, held_manifest, held_package
from mirror.store.packages import Packages
from mirror.store.transactions import Transaction
from mirror.store.versions import (
    NewVersion,
    add_version,
    extend_version,
    finish_version,
    put_about,
    put_package,
    put_tags,
    version_assets,
)


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
        self._assets_per_version = assets_per_version

    async def foresee(self, walk: Walk, publication: Publication) -> None:
        """Raise what `publish` is bound to raise, before anyone sends the bytes."""
        package, version = publication.package, publication.version
        name = versioned(package, version)
        for asset in publication.assets:
            rows = await self._packages.find_asset(
                package, [walk.repository.id], version, asset.name
            )
            row = rows[0] if rows else None
            _check_controls(walk, package, row.controls if row else None, name)
            if row is not None and row.status is not None:
                stored = {} if row.digests is None else {asset.name: row.digests.sha256}
                given = {asset.name: asset.promise.digests.get("sha256")}
                missing(publication, name, row.status, stored, given)

    async def publish(
        self, walk: Walk, publication: Publication, received: Mapping[str, Digests]
    ) -> Outcome:
        """Store a version whole, or add to one. The blobs of `received` are sealed already.

        The same bytes again are success and change nothing, except that they may finish the
        version. Raises `Blocked` where origin controls forbid publishing here, `Conflict` where
        the version exists and does not take what is given, came from outside, or can be reached
        upstream (API contract §11), and `Exceeded` for more assets than a version may have.
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
            status=Status.UNFINISHED if publication.unfinished else Status.PUBLISHED,
            dependencies=publication.dependencies,
            summary=publication.summary,
        )

        async def store(transaction: Transaction) -> Outcome:
            held = await held_package(transaction, walk.repository.id, package)
            _check_controls(walk, package, held.controls if held else None, name)
            known = spelling(version, held.versions, form.uniqueness) if held is not None else None
            if held is not None and known is not None:
                again = replace(new, version=known)
                return await self._publish_again(transaction, walk, held, publication, again)
            if held is None:
                await _check_likeness(transaction, walk, package)
            if reachable is not None:
                raise Conflict(
                    f"{name} exists in {reachable}, which '{walk.repository.name}' reads from: "
                    "publish another version"
                )
            controls = defaults(OriginType.INTERNAL, walk.rights(package))
            package_id = await put_package(
                transaction, walk.repository.id, package, controls, advance=True
            )
            await add_version(transaction, package_id, new)
            await put_tags(transaction, package_id, dict.fromkeys(publication.tags, version))
            if publication.about:
                await put_about(transaction, package_id, publication.about)
            return Outcome(
                created=True,
                revision=held.revision + 1 if held else 1,
                status=new.status,
                version_revision=new.revision,
            )

        return await self._database.write(store)

    async def _publish_again(
        self,
        transaction: Transaction,
        walk: Walk,
        held: HeldPackage,
        publication: Publication,
        new: NewVersion,
    ) -> Outcome:
        """Add to a version that exists, and finish it if it was open, as far as it allows that."""
        version, before = new.version, held.versions[new.version]
        assets = await self._additions(transaction, held, publication, new)
        finishes = before.status is Status.UNFINISHED and not publication.unfinished
        now, revision = time.time(), before.revision
        if not assets and not finishes:
            return Outcome(revision=held.revision, status=before.status, version_revision=revision)
        if assets:
            manifest = FORMATS[publication.package.format].extended(
                await held_manifest(transaction, held.id, version), publication, now
            )
            revision = await extend_version(transaction, held.id, version, assets, manifest)
        if finishes:
            await finish_version(transaction, held.id, version, now)
        return replace(
            await advanced(transaction, walk, held, publication.package),
            created=bool(assets),
            status=Status.PUBLISHED if finishes else before.status,
            version_revision=revision,
        )

    async def _additions(
        self,
        transaction: Transaction,
        held: HeldPackage,
        publication: Publication,
        new: NewVersion,
    ) -> list[StoredAsset]:
        """Those of the new assets that the version lacks; raises `Conflict` and `Exceeded`."""
        version, before = new.version, held.versions[new.version]
        name = versioned(publication.package, version)
        stored = await version_assets(transaction, held.id, version) or {}
        given = {each.name: each.digests.sha256 for each in new.assets}
        lacking = missing(publication, name, before.status, stored, given)
        if lacking and before.origin != new.origin:
            raise Conflict(
                f"{name} already exists and came from upstream: nothing is added to it here",
                kind="package-version",
                name=version,
            )
        most = self._assets_per_version * (1 + publication.companions)
        if lacking and len(stored) + len(lacking) > most:
            raise Exceeded(f"{name} would have more assets than limits.assets_per_version allows")
        return [each for each in new.assets if each.name in lacking]

    async def _reachable(self, walk: Walk, package: Package, version: str) -> str | None:
        """Where else a client of this repository could get the version from, in words.

        An upstream that does not answer does not keep anyone from publishing (User Guide,
        "Publishing package versions and upstream repositories"; npm.md §13.23).
        """
        rows = await self._packages.packages(package, walk.ids)
        names = await self._packages.version_names(package, walk.ids)
        identity = FORMATS[package.format].uniqueness
        plan = walk.plan(package, {row.repository: row.controls for row in rows})
        for source in plan.sources[1:]:
            if source.struck is not None:
                continue
            if source.connection is None:
                if spelling(version, names.get(source.repository, ()), identity) is not None:
                    return f"repository '{walk.names[source.repository]}'"
                continue
            asked = await self._upstreams.listing(walk.connection(source), package)
            if asked.listing is None:
                continue
            path = self._blobs.path(asked.listing.sha256)
            try:
                found = await asyncio.to_thread(
                    listings.find, path, version=version, asset=None, identity=identity
                )
            except FileNotFoundError:  # replaced just now: the next publish will see it
                continue
            if found is not None:
                return f"'{source.connection}'"
        return None


async def _check_likeness(transaction: Transaction, walk: Walk, package: Package) -> None:
    form = FORMATS[package.format]
    likeness = form.likeness(package)
    if likeness is None:
        return
    for known in await alike(transaction, walk.repository.id, package.format, likeness):
        if known != package and form.likeness(known) == likeness:
            raise Conflict(
                f"'{form.address(package)}' is too much like '{form.address(known)}', which "
                f"'{walk.repository.name}' has: choose another name",
                kind="package",
                name=form.address(known),
            )


def _check_controls(
    walk: Walk, package: Package, controls: OriginControls | None, name: str
) -> None:
    refusal = publish_refusal(controls, walk.rights(package), walk.repository.name, name)
    if refusal is not None:
        raise Blocked(refusal)
