"""What stays in a repository after a file was fetched through it (API contract §13, U6, U15)."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mirror.formats import FORMATS
from mirror.formats.format import Findings
from mirror.model import (
    Digests,
    ListedVersion,
    Origin,
    OriginType,
    Package,
    Restriction,
    Status,
    StoredAsset,
)
from mirror.repositories.origins import GroupRights, defaults
from mirror.repositories.spelling import spelling
from mirror.store.batches import Batch
from mirror.store.blobs import Blobs
from mirror.store.database import Database
from mirror.store.held import HeldPackage, held_manifest, held_package
from mirror.store.transactions import Transaction
from mirror.store.versions import (
    NewVersion,
    add_version,
    extend_version,
    put_blob,
    put_package,
    version_assets,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A version where the search found it, ready to be retained."""

    package: Package
    version: ListedVersion
    asset: str
    origin: Origin
    status: Status = Status.PUBLISHED


class Retention:
    """Stores fetched versions: in the repository asked, and in the one with the connection."""

    def __init__(
        self, database: Database, blobs: Blobs, rights: Callable[[Package, int], GroupRights]
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._rights = rights

    async def keep(self, found: Found, digests: Digests, repositories: Iterable[int]) -> None:
        """Store a fetched file in these repositories, with what it says of its version and what
        can be made of it (PEP 658).

        Its blob is sealed. Raises `Storage`.
        """
        findings = await self._examined(found, digests)
        async with Batch(self._blobs) as batch:
            assets = [StoredAsset(found.asset, digests)]
            for name, content in findings.companions.items():
                assets.append(StoredAsset(name, await batch.add(content)))
            await self._store(found, findings, assets, repositories)
            await batch.keep()

    async def _examined(self, found: Found, digests: Digests) -> Findings:
        path = self._blobs.path(digests.sha256)

        def examine() -> Findings:
            with path.open("rb") as file:
                return FORMATS[found.package.format].examine(found.version, found.asset, file)

        try:
            return await asyncio.to_thread(examine)
        except Exception:  # whoever waits for the file does not wait for its description
            log.exception("%s is retained without a description", found.asset)
            return Findings(found.version.manifest)

    async def _store(
        self,
        found: Found,
        findings: Findings,
        assets: Sequence[StoredAsset],
        repositories: Iterable[int],
    ) -> None:
        """The rows, in one transaction.

        A repository that has the version already, in whichever spelling, is left as it is: what
        is retained does not change with its source (U8), but for files that it did not have yet.
        One that has blocked the package from upstream since the search, by a first publish, is
        passed over: no name of ours is filled from outside.
        """
        identity = FORMATS[found.package.format].identity
        new = NewVersion(
            version=found.version.version,
            manifest=findings.manifest,
            assets=assets,
            origin=found.origin,
            published_at=found.version.published_at,
            status=found.status,
            dependencies=findings.dependencies,
            summary=findings.summary,
        )

        async def store(transaction: Transaction) -> None:
            for asset in assets:
                await put_blob(transaction, asset.digests)
            for repository in sorted(set(repositories)):
                held = await held_package(transaction, repository, found.package)
                if held is not None and held.controls.upstream is Restriction.BLOCK:
                    continue
                known = spelling(new.version, held.versions, identity) if held else None
                if held is not None and known is not None:
                    await _complete(transaction, held, known, found, assets)
                    continue
                package_id = await put_package(
                    transaction,
                    repository,
                    found.package,
                    defaults(OriginType.EXTERNAL, self._rights(found.package, repository)),
                    advance=False,
                )
                await add_version(transaction, package_id, new)

        await self._database.write(store)


async def _complete(
    transaction: Transaction,
    held: HeldPackage,
    known: str,
    found: Found,
    assets: Sequence[StoredAsset],
) -> None:
    """Add to a stored version the files that it lacks, if it grows at all."""
    version = held.versions[known]
    if version.origin != found.origin or not version.status.grows:
        return
    stored = await version_assets(transaction, held.id, known) or {}
    missing = [asset for asset in assets if asset.name not in stored]
    if missing:
        before = await held_manifest(transaction, held.id, known)
        manifest = _refreshed(known, before, found)
        await extend_version(transaction, held.id, known, missing, manifest)
        transaction.touch(found.package)


def _refreshed(known: str, manifest: dict[str, Any], found: Found) -> Mapping[str, Any]:
    """Its manifest, with what the source says of the new files beside what it said of the old."""
    form = FORMATS[found.package.format]
    return form.refreshed(ListedVersion(known, manifest), found.version).manifest
