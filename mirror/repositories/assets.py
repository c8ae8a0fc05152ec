"""One file through a chain of repositories: stored, or on its way in."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import orjson
from yarl import URL

from mirror.errors import MirrorError, NotFound, Storage, Upstream
from mirror.formats import FORMATS
from mirror.formats.intents import ReadAsset
from mirror.model import (
    Digests,
    ListedAsset,
    ListedVersion,
    Origin,
    OriginType,
    Promise,
)
from mirror.repositories.deduplication import already_here
from mirror.repositories.offers import Offers
from mirror.repositories.origins import Source
from mirror.repositories.retention import Found, Retention
from mirror.repositories.searching import Walk
from mirror.repositories.sidecars import Sidecars
from mirror.repositories.upstreams import Upstreams
from mirror.store.blobs import Blobs
from mirror.store.changes import Changes, Stamp
from mirror.store.files import OpenFile
from mirror.store.packages import AssetRow, Packages
from mirror.upstream.connections import Connection
from mirror.upstream.flights import Flights, Order
from mirror.upstream.following import Follower

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """A stored file, open. Good until `fresh_until` (epoch seconds), for as long as `stamp` holds.

    `asked` tells that an upstream was asked for it, for this very reading.
    """

    file: OpenFile
    digests: Digests
    stamp: Stamp
    fresh_until: float = float("inf")
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Arriving:
    """A file on its way in. `joined` tells that somebody else had asked for it first."""

    follower: Follower
    joined: bool


class AssetReader:
    """Finds files. Authorization comes before: nobody rides on another's rights."""

    def __init__(
        self,
        packages: Packages,
        upstreams: Upstreams,
        blobs: Blobs,
        flights: Flights,
        retention: Retention,
        changes: Changes,
        connections: Mapping[str, Connection],
        *,
        asset_size: int,
    ) -> None:
        self._packages = packages
        self._offers = Offers(upstreams, blobs)
        self._sidecars = Sidecars(packages, upstreams, blobs)
        self._blobs = blobs
        self._flights = flights
        self._retention = retention
        self._changes = changes
        self._connections = connections
        self._limit = asset_size

    async def read(self, walk: Walk, intent: ReadAsset) -> Held | Arriving:
        """The first holder of the version decides (U3, U9); a connection is asked in its turn.

        Raises `NotFound` where no source has the file or its version may not be downloaded, and
        `Unavailable` or `Misbehaved` where that cannot be known.
        """
        stamp = self._changes.stamp(intent.package)
        rows = await self._rows(walk, intent)
        by_repository = {row.repository: row for row in rows}
        controls = {row.repository: row.controls for row in rows}
        failures: list[MirrorError] = []
        wanted: Origin | None = None  # where a version comes from that is here without this file
        for source in walk.plan(intent.package, controls).sources:
            if source.struck is not None:
                continue
            if source.connection is None:
                row = by_repository.get(source.repository)
                if row is None or row.status is None:
                    continue
                if wanted is not None and row.origin != wanted:
                    break  # a version is never mixed with files of another origin
                if row.digests is None and row.status.grows:
                    wanted = row.origin
                    continue
                return await self._held(walk, intent, row, stamp)
            if wanted is not None and wanted.connection != source.connection:
                continue
            try:
                found = await self._offers.find(walk.connection(source), intent)
            except Upstream as error:
                failures.append(error)
                continue
            if found is None:
                continue
            if intent.beside is not None:
                return await self._beside(walk, source, intent, found[1], stamp)
            return await self._fetch(walk, intent, source, *found, stamp=stamp)
        raise failures[0] if failures else _missing(intent)

    async def _rows(self, walk: Walk, intent: ReadAsset) -> Sequence[AssetRow]:
        """What the repositories hold of the file, whichever way each spells its version."""
        package, version = intent.package, intent.version
        rows = await self._packages.find_asset(package, walk.ids, version, intent.asset)
        if version is None or all(row.status is not None for row in rows):
            return rows
        same = FORMATS[package.format].identity
        names = await self._packages.version_names(package, walk.ids)
        for other in {name for each in names.values() for name in each} - {version}:
            if same(other) == same(version):
                more = await self._packages.find_asset(package, walk.ids, other, intent.asset)
                found = {row.repository: row for row in more if row.status is not None}
                rows = [row if row.digests else found.get(row.repository, row) for row in rows]
        return rows

    async def _held(
        self, walk: Walk, intent: ReadAsset, row: AssetRow, stamp: Stamp
    ) -> Held | Arriving:
        if row.status is None or not row.status.downloadable or row.digests is None:
            # Found here, and not to be had: later sources are not asked (U9).
            raise _missing(intent)
        file = await self._blobs.open(row.digests.sha256, row.digests.size)
        if file is None:
            return await self._fetch_again(walk, intent, row)
        if row.repository != walk.repository.id and intent.beside is None:
            try:
                await self._retain_from(walk, intent, row, row.digests)
            except Storage as error:  # a full disk keeps nobody from what is there
                log.warning("%s is served but not retained: %s", intent.asset, error)
        return Held(file, row.digests, stamp)

    async def _retain_from(
        self, walk: Walk, intent: ReadAsset, row: AssetRow, digests: Digests
    ) -> None:
        """A version found in an upstream repository is retained in the one that was asked."""
        found = await self._packages.versions(intent.package, [row.repository], row.version)
        for held in found:
            version = ListedVersion(
                version=held.version,
                manifest=orjson.loads(held.manifest),
                published_at=held.published_at,
            )
            kept = Found(intent.package, version, intent.asset, held.origin, held.status)
            await self._retention.keep(kept, digests, [walk.repository.id])

    async def _fetch(
        self,
        walk: Walk,
        intent: ReadAsset,
        source: Source,
        version: ListedVersion,
        asset: ListedAsset,
        *,
        stamp: Stamp,
    ) -> Held | Arriving:
        connection = walk.connection(source)
        found = Found(
            package=intent.package,
            version=version,
            asset=asset.name,
            origin=Origin(OriginType.EXTERNAL, connection=connection.name),
        )
        keepers = frozenset({walk.repository.id, source.repository})
        held = await already_here(self._packages, self._blobs, asset.promise)
        if held is not None:
            digests, file = held
            try:
                await self._retention.keep(found, digests, keepers)
            except Storage as error:
                log.warning("%s is served but not retained: %s", intent.asset, error)
            return Held(file, digests, stamp)
        return self._fly(connection, found, asset, keepers)

    async def _beside(
        self, walk: Walk, source: Source, intent: ReadAsset, asset: ListedAsset, stamp: Stamp
    ) -> Held | Arriving:
        """A sidecar of a file that the connection lists; of a stored one it was found before."""
        try:
            found = await self._sidecars.read(walk.connection(source), asset)
        except NotFound:
            return await self._made(walk, intent)
        return Held(found.file, found.digests, stamp, found.fresh_until, found.asked)

    async def _made(self, walk: Walk, intent: ReadAsset) -> Held | Arriving:
        """A sidecar that is listed and not there: its file is fetched, and it is made of that.

        Whoever was promised metadata has no other way on (lessons #27, proxpi#23).
        """
        whole = await self.read(walk, replace(intent, asset=intent.beside or "", beside=None))
        if isinstance(whole, Arriving):
            async with whole.follower as follower:
                await follower.landed()
        stamp = self._changes.stamp(intent.package)
        for row in await self._rows(walk, intent):
            if row.digests is not None:
                return await self._held(walk, intent, row, stamp)
        raise _missing(intent)

    async def _fetch_again(self, walk: Walk, intent: ReadAsset, row: AssetRow) -> Arriving:
        """A stored file that went missing is fetched anew, and must be the same (nora#925)."""
        origin, status, digests = row.origin, row.status, row.digests
        connection = listed = None
        if origin is not None and origin.connection is not None:
            connection = self._connections.get(origin.connection)
        if connection is not None:
            listed = await self._offers.find(connection, intent)
        if connection is None or listed is None or not (origin and status and digests):
            raise Storage(
                f"the stored file '{intent.asset}' is missing or damaged, and no upstream has it: "
                "restore the data directory from a backup, then run 'mirror verify'"
            )
        version, asset = listed
        same = Promise(digests.size, {"sha256": digests.sha256, "sha512": digests.sha512})
        found = Found(intent.package, version, asset.name, origin, status)
        exact = ListedAsset(asset.name, asset.url, same)
        keepers = {row.repository} | ({walk.repository.id} if intent.beside is None else set())
        return self._fly(connection, found, exact, frozenset(keepers))

    def _fly(
        self,
        connection: Connection,
        found: Found,
        asset: ListedAsset,
        keepers: frozenset[int],
    ) -> Arriving:
        async def land(digests: Digests, claims: frozenset[frozenset[int]]) -> None:
            await self._retention.keep(found, digests, frozenset().union(*claims))

        # The promise is part of the key: the same address with other bytes is another file
        # (proxpi#59).
        key = (connection.name, asset.url, asset.promise.strongest, found.version.version)
        order = Order(
            connection=connection,
            url=URL(asset.url),
            promise=asset.promise,
            limit=self._limit,
            land=land,
        )
        joined = self._flights.under_way(key)
        return Arriving(self._flights.join(key, order, keepers).follow(), joined=joined)


def _missing(intent: ReadAsset) -> NotFound:
    return NotFound(
        "asset",
        intent.asset,
        f"no source of this repository has '{intent.asset}' of {intent.package}",
    )
