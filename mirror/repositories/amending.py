"""Changes to what a repository holds already: tags, notes, removals. Each is one transaction."""

from collections.abc import Mapping

from mirror.errors import Conflict, NotFound
from mirror.formats import FORMATS
from mirror.formats.changes import Annotate, Outcome, Remove, SetTags
from mirror.model import OriginType, Package
from mirror.repositories.origins import defaults
from mirror.repositories.searching import Walk
from mirror.store.blobs import Blobs
from mirror.store.database import Database
from mirror.store.held import HeldPackage, held_manifest, held_package
from mirror.store.transactions import Transaction
from mirror.store.versions import delete_versions, put_manifest, put_package, put_tags


class Amender:
    """Changes versions that a repository itself holds. Authorization comes before."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    async def set_tags(self, walk: Walk, change: SetTags) -> Outcome:
        """Point tags at versions that this repository holds; None removes a tag."""

        async def store(transaction: Transaction) -> Outcome:
            held = await _held(transaction, walk, change.package)
            for version in change.tags.values():
                if version is not None and version not in held.versions:
                    raise _elsewhere(walk, change.package, version)
            await put_tags(transaction, held.id, change.tags)
            return await advanced(transaction, walk, held, change.package)

        return await self._database.write(store)

    async def annotate(self, walk: Walk, change: Annotate) -> Outcome:
        """Merge notes into the manifests of the versions that this repository holds.

        A client sends back every version that it read, also those of upstreams: they are left
        alone. Raises `NotFound` where nothing else was asked for, `Conflict` for a stale revision.
        """

        async def store(transaction: Transaction) -> Outcome:
            held = await _held(transaction, walk, change.package)
            _still(held, change.revision, change.package)
            elsewhere = [
                version
                for version, notes in change.notes.items()
                if version not in held.versions and any(notes.values())
            ]
            changed = 0
            for version in change.notes.keys() & held.versions.keys():
                manifest = await held_manifest(transaction, held.id, version)
                merged = _merged(manifest, change.notes[version])
                if merged != manifest:
                    await put_manifest(transaction, held.id, version, merged)
                    changed += 1
            if elsewhere and not changed:
                raise _elsewhere(walk, change.package, elsewhere[0])
            return await advanced(transaction, walk, held, change.package)

        return await self._database.write(store)

    async def remove(self, walk: Walk, change: Remove) -> Outcome:
        """Delete held versions; their bytes go where nothing else shows them.

        The package's row stays with its origin controls, so that removing a private package does
        not open its name to the outside. With `keep`, only versions that the client could see
        are deleted: an archived one is not missing from what it sent back.
        """

        async def store(transaction: Transaction) -> tuple[Outcome, list[str]]:
            held = await _held(transaction, walk, change.package)
            _still(held, change.revision, change.package)
            if change.versions is not None:
                absent = [version for version in change.versions if version not in held.versions]
                if change.strict and absent:
                    raise _elsewhere(walk, change.package, absent[0])
                gone = [version for version in change.versions if version in held.versions]
            else:
                kept = set(change.keep or ())
                gone = [
                    version
                    for version, each in held.versions.items()
                    if version not in kept and (change.keep is None or each.status.listed)
                ]
            outcome = await advanced(transaction, walk, held, change.package)
            return outcome, await delete_versions(transaction, held.id, gone)

        outcome, released = await self._database.write(store)
        await self._blobs.discard(released)
        return outcome


async def _held(transaction: Transaction, walk: Walk, package: Package) -> HeldPackage:
    held = await held_package(transaction, walk.repository.id, package)
    if held is None:
        raise NotFound(
            "package",
            str(package),
            f"repository '{walk.repository.name}' itself holds no version of "
            f"{FORMATS[package.format].address(package)}; what it reads from upstream cannot be "
            "changed here",
        )
    return held


async def advanced(
    transaction: Transaction, walk: Walk, held: HeldPackage, package: Package
) -> Outcome:
    await put_package(
        transaction,
        walk.repository.id,
        package,
        defaults(OriginType.INTERNAL, walk.rights(package)),
        advance=True,
    )
    return Outcome(revision=held.revision + 1)


def _still(held: HeldPackage, revision: str | None, package: Package) -> None:
    """Refuse a change that was made to something older than what is there (`_rev`)."""
    if revision is not None and revision.partition("-")[0] != str(held.revision):
        raise Conflict(
            f"{FORMATS[package.format].address(package)} changed meanwhile: read it again, then "
            "repeat the change"
        )


def _merged(manifest: dict[str, object], notes: Mapping[str, object]) -> dict[str, object]:
    merged = {**manifest, **notes}
    return {key: value for key, value in merged.items() if key not in notes or value is not None}


def _elsewhere(walk: Walk, package: Package, version: str) -> NotFound:
    return NotFound(
        "package-version",
        version,
        f"repository '{walk.repository.name}' itself does not hold {versioned(package, version)}",
    )


def versioned(package: Package, version: str) -> str:
    return f"{FORMATS[package.format].address(package)}@{version}"
