"""Statuses of stored versions: which may follow which, and the batches that change them (§9).

All or nothing: one version that cannot be changed keeps all others as they are.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mirror.errors import Conflict, NotFound
from mirror.formats import FORMATS
from mirror.formats.changes import Outcome, SetStatus
from mirror.model import Package, Status
from mirror.store.blobs import Blobs
from mirror.store.database import Database
from mirror.store.domains import Repository
from mirror.store.statuses import (
    Standing,
    advance,
    dispose,
    package_record,
    put_status,
    standings,
)
from mirror.store.transactions import Transaction
from mirror.store.versions import delete_versions

DELETED = "Deleted"
"""What answers and events call a version that is no more; no stored version has this status."""

_ANY = frozenset({Status.PUBLISHED, Status.UNLISTED, Status.ARCHIVED, Status.DISPOSED})

MAY_BECOME: Mapping[Status, frozenset[str]] = {
    Status.PUBLISHED: _ANY | {DELETED},
    Status.UNFINISHED: _ANY | {DELETED},
    Status.UNLISTED: _ANY | {DELETED},
    Status.ARCHIVED: _ANY | {DELETED},
    Status.DISPOSED: frozenset({Status.DISPOSED, DELETED}),
}
"""What may follow a status. Nothing becomes Unfinished, and nothing brings disposed bytes back."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which versions a batch is about, and what the caller takes for granted of them.

    `status` is the one that all of them should have, `revisions` what each should have.
    """

    versions: Sequence[str]
    status: str | None = None
    revisions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Success:
    """A version after the change. A copy that was there already is no part of the answer."""

    revision: str
    status: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a version was not changed: one of the API's codes, and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Results:
    """What became of each version of a batch."""

    successes: Mapping[str, Success] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)


Chosen = Mapping[str, tuple[str, Standing]]
"""Of each version, as the caller spells it: its stored spelling, and how it stands."""


def choose(package: Package, versions: Iterable[str], held: Mapping[str, Standing]) -> Chosen:
    """Those of the versions that are held, in whichever spelling."""
    if not held:  # as with a format that is not spoken here
        return {}
    identity = FORMATS[package.format].identity
    spelt = {identity(each): each for each in held}
    found = {
        version: version if version in held else spelt.get(identity(version))
        for version in versions
    }
    return {version: (known, held[known]) for version, known in found.items() if known is not None}


def objection(version: str, selection: Selection, chosen: Chosen) -> Failure | None:
    """What keeps any change from a version: that it is not there, or not what was expected."""
    if version not in chosen:
        return Failure("NOT_FOUND", f"Could not find version {version}")
    _, standing = chosen[version]
    expected = selection.revisions.get(version, standing.revision)
    if expected != standing.revision:
        return Failure(
            "MISMATCHED_REVISION",
            f"current revision: {standing.revision}, expected revision: {expected}",
        )
    if selection.status not in (None, standing.status):
        return Failure(
            "MISMATCHED_STATUS",
            f"current status: {standing.status}, expected status: {selection.status}",
        )
    return None


def refused(version: str, target: str, selection: Selection, chosen: Chosen) -> Failure | None:
    """Why a version does not get a status; None where it may."""
    found = objection(version, selection, chosen)
    if found is not None:
        return found
    _, standing = chosen[version]
    if target not in MAY_BECOME[standing.status]:
        return Failure(
            "NOT_ALLOWED",
            f"version {version} is {standing.status}: its assets are gone, it can only be deleted",
        )
    return None


def or_nothing(failures: Mapping[str, Failure], versions: Collection[str], skipped: str) -> Results:
    """The results where some failed: all others are passed over. `skipped` words that, with `{}`."""
    return Results(
        failures={
            version: failures.get(version) or Failure("SKIPPED", skipped.format(version))
            for version in versions
        }
    )


class Statuses:
    """Changes the statuses of versions that a repository itself holds. Authorization comes before.

    Each raises `NotFound` where the repository does not know the package at all.
    """

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    async def update(
        self, repository: Repository, package: Package, selection: Selection, target: Status
    ) -> Results:
        """Make versions Published, Unlisted or Archived."""

        async def change(transaction: Transaction, _package: int, chosen: Chosen) -> list[str]:
            for _, standing in chosen.values():
                await put_status(transaction, standing.id, target)
            return []

        return await self._change(repository, package, selection, target, change)

    async def set(self, repository: Repository, change: SetStatus) -> Outcome:
        """As `update`, for a package manager: what keeps it from happening is raised."""
        package, selection = change.package, Selection(change.versions)
        results = await self.update(repository, package, selection, change.status)
        for version, failure in results.failures.items():
            if failure.code == "NOT_FOUND":
                raise NotFound(
                    "package-version",
                    version,
                    f"repository '{repository.name}' itself holds no {version} of "
                    f"{FORMATS[package.format].address(package)}",
                )
            raise Conflict(failure.message, kind="package-version", name=version)
        return Outcome()

    async def dispose(
        self, repository: Repository, package: Package, selection: Selection
    ) -> Results:
        """Delete the assets of versions for ever; what is known of them stays."""

        async def change(transaction: Transaction, _package: int, chosen: Chosen) -> list[str]:
            return [
                sha256
                for _, standing in chosen.values()
                for sha256 in await dispose(transaction, standing.id)
            ]

        return await self._change(repository, package, selection, Status.DISPOSED, change)

    async def delete(
        self, repository: Repository, package: Package, selection: Selection
    ) -> Results:
        """Delete versions, after which they may be published again; the package's record stays."""

        async def change(transaction: Transaction, package_id: int, chosen: Chosen) -> list[str]:
            gone = [known for known, _ in chosen.values()]
            return await delete_versions(transaction, package_id, gone)

        return await self._change(repository, package, selection, DELETED, change)

    async def _change(
        self,
        repository: Repository,
        package: Package,
        selection: Selection,
        target: str,
        change: Callable[[Transaction, int, Chosen], Awaitable[list[str]]],
    ) -> Results:
        """Change all versions of a batch in one transaction, or none; then drop freed bytes."""
        versions = list(dict.fromkeys(selection.versions))

        async def work(transaction: Transaction) -> tuple[Results, list[str]]:
            record = await package_record(transaction, repository.id, package)
            if record is None:
                raise no_package(package, repository)
            chosen = choose(package, versions, await standings(transaction, record.id))
            failures = {
                version: found
                for version in versions
                if (found := refused(version, target, selection, chosen)) is not None
            }
            if failures:
                return or_nothing(failures, versions, "version {} is skipped"), []
            results = Results(
                {version: Success(chosen[version][1].revision, target) for version in versions}
            )
            news = {key: each for key, each in chosen.items() if each[1].status != target}
            if not news:
                return results, []
            released = await change(transaction, record.id, news)
            await advance(transaction, record.id, package)
            return results, released

        results, released = await self._database.write(work)
        await self._blobs.discard(released)
        return results


def no_package(package: Package, repository: Repository) -> NotFound:
    """What to raise for a package that a repository itself does not know."""
    return NotFound(
        "package",
        package.name,
        f"Package not found. Package '{package}' does not exist in repository '{repository.name}'",
    )
