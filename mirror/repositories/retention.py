"""What stays in a repository after a file was fetched through it (API contract §13, U6, U15)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mirror.formats import FORMATS
from mirror.model import (
    ListedVersion,
    Origin,
    OriginType,
    Package,
    Restriction,
    Status,
    StoredAsset,
)
from mirror.repositories.origins import GroupRights, defaults
from mirror.store.database import Database, Transaction
from mirror.store.held import HeldPackage, held_package
from mirror.store.versions import (
    NewVersion,
    add_version,
    extend_version,
    put_blob,
    put_package,
    version_assets,
)


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

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(
        self, found: Found, assets: Sequence[StoredAsset], repositories: Iterable[int]
    ) -> None:
        """Store a version with its fetched files in these repositories, in one transaction.

        A repository that has the version already is left as it is: what is retained does not
        change with its source (U8), but for files that it did not have yet. One that has blocked the package from upstream since the
        search, by a first publish, is passed over: no name of ours is filled from outside.
        """
        dependencies, summary = FORMATS[found.package.format].stored(found.version, found.package)
        new = NewVersion(
            version=found.version.version,
            manifest=found.version.manifest,
            assets=assets,
            origin=found.origin,
            published_at=found.version.published_at,
            status=found.status,
            dependencies=dependencies,
            summary=summary,
        )

        async def keep(transaction: Transaction) -> None:
            for asset in assets:
                await put_blob(transaction, asset.digests)
            for repository in sorted(set(repositories)):
                held = await held_package(transaction, repository, found.package)
                if held is not None and held.controls.upstream is Restriction.BLOCK:
                    continue
                package_id = await put_package(
                    transaction,
                    repository,
                    found.package,
                    defaults(OriginType.EXTERNAL, GroupRights()),
                    advance=False,
                )
                if not await add_version(transaction, package_id, new):
                    await _complete(transaction, package_id, held, new)

        await self._database.write(keep)


async def _complete(
    transaction: Transaction, package_id: int, held: HeldPackage | None, new: NewVersion
) -> None:
    version = held.versions.get(new.version) if held is not None else None
    if version is None or version.origin != new.origin or not version.status.grows:
        return
    stored = await version_assets(transaction, package_id, new.version) or {}
    missing = [asset for asset in new.assets if asset.name not in stored]
    if missing:
        await extend_version(transaction, package_id, new.version, missing, new.manifest)
