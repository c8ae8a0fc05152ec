"""Versions of a package taken over from another repository of the domain (API contract §9).

Bytes never move: they are stored once, and the destination's rows show them as the source's do.
Publishing rights of the package and of its group do not matter here; that is what copying is for
(User Guide, "Publishing patched package versions").
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from mirror.model import Package, Status
from mirror.repositories.origins import GroupRights, defaults
from mirror.repositories.statuses import (
    Chosen,
    Failure,
    Results,
    Selection,
    Success,
    choose,
    no_package,
    objection,
    or_nothing,
)
from mirror.store.blobs import Blobs
from mirror.store.copies import copy_about, copy_version, replace_version, same_assets, tags_on
from mirror.store.database import Database
from mirror.store.domains import Repository
from mirror.store.statuses import Record, advance, package_record, require, standings
from mirror.store.transactions import Transaction
from mirror.store.versions import put_package, put_tags

COPIED = frozenset({Status.PUBLISHED, Status.UNLISTED})
"""The statuses of versions that can be copied; copies keep them."""


@dataclass(frozen=True, slots=True)
class Copying:
    """What to copy. `rights` are those of the package's group in the destination: a package that
    is new there gets its origin controls by them.

    `tags` are those that the source shows, once it was filled from its upstreams; None where only
    what it holds itself counts.
    """

    package: Package
    source: Repository
    destination: Repository
    selection: Selection
    overwrite: bool = False
    rights: GroupRights = field(default_factory=GroupRights)
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Sides:
    """The package in both repositories, and those of its versions that the caller named.

    `same` are the versions that both show alike.
    """

    source: Record | None
    there: Record | None
    chosen: Chosen
    present: Chosen
    same: Set[str]


class Copier:
    """Copies versions that the source itself holds. Authorization comes before."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    async def copy(self, order: Copying) -> Results:
        """Copy all versions in one transaction, or none.

        One that the destination has already, with the same assets and metadata, is in neither map
        of the answer. Raises `NotFound` where the source does not know the package at all.
        """
        versions = list(dict.fromkeys(order.selection.versions))

        async def work(transaction: Transaction) -> tuple[Results, list[str]]:
            await require(transaction, order.destination)
            sides = await _sides(transaction, order, versions)
            if sides.source is None and order.tags is None:
                raise no_package(order.package, order.source)
            failures = {
                version: found
                for version in versions
                if (found := _refused(version, order, sides)) is not None
            }
            if failures or sides.source is None:
                return or_nothing(failures, versions, "Version {} was skipped"), []
            news = {
                version: each for version, each in sides.chosen.items() if version not in sides.same
            }
            released = await _store(transaction, order, sides.source, sides, news) if news else []
            successes = {
                version: Success(standing.revision, standing.status)
                for version, (_, standing) in news.items()
            }
            return Results(successes), released

        results, released = await self._database.write(work)
        await self._blobs.discard(released)
        return results


async def _sides(transaction: Transaction, order: Copying, versions: Iterable[str]) -> _Sides:
    source = await package_record(transaction, order.source.id, order.package)
    there = await package_record(transaction, order.destination.id, order.package)
    chosen, present = [
        choose(order.package, versions, await standings(transaction, record.id)) if record else {}
        for record in (source, there)
    ]
    same = set()
    for version in chosen.keys() & present.keys():
        one, other = chosen[version][1], present[version][1]
        # Of a disposed version the revision is still there, and nothing else.
        if one.revision == other.revision and await same_assets(transaction, one.id, other.id):
            same.add(version)
    return _Sides(source, there, chosen, present, same)


def _refused(version: str, order: Copying, sides: _Sides) -> Failure | None:
    found = objection(version, order.selection, sides.chosen)
    if found is not None:
        return found
    status = sides.chosen[version][1].status
    if status not in COPIED:
        return Failure(
            "NOT_ALLOWED",
            f"version {version} is {status}: only Published and Unlisted versions can be copied",
        )
    if version in sides.present and version not in sides.same and not order.overwrite:
        return Failure("ALREADY_EXISTS", f"Version {version} already exists")
    return None


async def _store(
    transaction: Transaction, order: Copying, source: Record, sides: _Sides, news: Chosen
) -> list[str]:
    """Write the copies and move the tags; SHA-256s of blobs that nothing shows any more."""
    first = next(iter(news.values()))[1]
    controls = defaults(first.origin.type, order.rights)
    target = await put_package(
        transaction, order.destination.id, order.package, controls, advance=False
    )
    if sides.there is None:
        await copy_about(transaction, source.id, target)
    released: list[str] = []
    copied = {known: version for version, (known, _) in news.items()}
    for version in copied.values():  # two spellings of one version are copied once
        original = news[version][1].id
        if version in sides.present:
            replaced = sides.present[version][1].id
            released += await replace_version(transaction, original, target, replaced)
        else:
            await copy_version(transaction, original, target)
    tags = await tags_on(transaction, source.id, copied)
    shown = order.tags or {}
    tags |= {tag: version for tag, version in shown.items() if version in copied}
    await put_tags(transaction, target, tags)
    await advance(transaction, target, order.package)
    return released
