"""Documents about packages: planned, asked for, merged and rendered, once per change."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from mirror.compute import Compute
from mirror.errors import MirrorError, NotFound
from mirror.formats import FORMATS
from mirror.formats.intents import ReadPackage
from mirror.model import Package
from mirror.repositories import listings
from mirror.repositories.composing import DocumentFile, Job, Spilled, compose
from mirror.repositories.fingerprints import fingerprint_of
from mirror.repositories.merging import Holding, StoredVersion
from mirror.repositories.origins import Source
from mirror.repositories.searching import Walk
from mirror.repositories.spelling import Identity, spelling
from mirror.repositories.upstreams import Asked, Upstreams
from mirror.store.blobs import Blobs
from mirror.store.changes import Changes, Stamp
from mirror.store.documents import StoredDocument, StoredListing
from mirror.store.files import OpenFile
from mirror.store.packages import Packages

SUPPLEMENT_LIFETIME = 900.0
"""Seconds for which an upstream's supplement counts as fresh; pypi.org keeps its API's as long."""

Body = bytes | OpenFile
_Key = tuple[int, ReadPackage, str, Stamp]
Lacks = Callable[[StoredListing], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document's bytes, plain and compressed where that pays; `tag` names them."""

    content_type: str
    tag: str
    identity: Body
    gzip: Body | None


@dataclass(frozen=True, slots=True)
class Document:
    """A document, good until `fresh_until` (epoch seconds) while `stamp` holds.

    `fingerprint` names everything it was made of; `stale` tells that an upstream could not be
    asked, `asked` that one was, for this very document.
    """

    rendered: Rendered
    stamp: Stamp
    fresh_until: float
    fingerprint: str
    stale: bool
    asked: bool


class DocumentReader:
    """Makes documents. Requests for the same one at the same time share the work."""

    def __init__(
        self,
        packages: Packages,
        upstreams: Upstreams,
        blobs: Blobs,
        compute: Compute,
        changes: Changes,
    ) -> None:
        self._packages = packages
        self._upstreams = upstreams
        self._blobs = blobs
        self._compute = compute
        self._changes = changes
        self._making: dict[_Key, asyncio.Task[Document]] = {}

    async def read(
        self, walk: Walk, intent: ReadPackage, base: str, previous: Document | None = None
    ) -> Document:
        """The document as it is now; `previous` is used again if nothing changed.

        Raises `NotFound` where no source has the package (or the version that the intent names),
        and `Unavailable` or `Misbehaved` where that cannot be known.
        """
        # The stamp belongs to the key: whoever asks after a publish must not join a task that
        # read the rows before it.
        key = (walk.repository.id, intent, base, self._changes.stamp(intent.package))
        task = self._making.get(key)
        if task is None:
            task = asyncio.create_task(self._make_again(walk, intent, base, previous))
            self._making[key] = task
            task.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Break off what is being made."""
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _made(self, key: _Key, task: asyncio.Task[Document]) -> None:
        self._making.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever asked may have gone away

    async def _make_again(
        self, walk: Walk, intent: ReadPackage, base: str, previous: Document | None
    ) -> Document:
        try:
            return await self._make(walk, intent, base, previous)
        except FileNotFoundError:  # a newer listing took the place of the one we had found
            return await self._make(walk, intent, base, previous)

    async def _make(
        self, walk: Walk, intent: ReadPackage, base: str, previous: Document | None
    ) -> Document:
        package = intent.package
        stamp = self._changes.stamp(package)
        holdings = await self.holdings(walk, package)
        plan = walk.plan(
            package,
            {id_: each.controls for id_, each in holdings.items() if each.controls is not None},
        )
        sources = plan.sources
        asked, supplement = await asyncio.gather(
            self._ask(walk, sources, intent, holdings), self._supplement(walk, sources, intent)
        )
        found = {name: each.listing for name, each in asked.items() if each.listing is not None}
        if not found and not any(each.versions for each in holdings.values()):
            raise _nothing(package, asked)
        stale = any(each.outcome not in {"fresh", "absent"} for each in asked.values())
        anew = any(each.anew for each in asked.values())
        fresh_until = min((each.fresh_until for each in asked.values()), default=float("inf"))
        fingerprint = fingerprint_of(plan, holdings, found, supplement)
        if previous is not None and previous.fingerprint == fingerprint:
            rendered = previous.rendered
        else:
            job = Job(
                intent=intent,
                base=base,
                steps=plan.steps,
                sources=sources,
                holdings=holdings,
                listings={name: self._blobs.path(each.sha256) for name, each in found.items()},
                supplement=None
                if supplement is None
                else DocumentFile(self._blobs.path(supplement.sha256), supplement.encoding),
                spill=self._blobs.incoming,
            )
            size = sum(each.size for each in found.values())
            try:
                known = None if previous is None else previous.rendered
                rendered = await self._render(job, size, known)
            except NotFound as missing:
                raise _unknown(missing, asked) from missing
        return Document(rendered, stamp, fresh_until, fingerprint, stale=stale, asked=anew)

    async def _render(self, job: Job, size: int, known: Rendered | None) -> Rendered:
        """What is `known`, where that is what comes out."""
        composed = await self._compute.run(size, compose, job, known.tag if known else None)
        if known is not None and composed.tag == known.tag:
            return known
        return Rendered(
            content_type=composed.content_type,
            tag=composed.tag,
            identity=_body(composed.identity),
            gzip=None if composed.gzip is None else _body(composed.gzip),
        )

    async def holdings(self, walk: Walk, package: Package) -> dict[int, Holding]:
        """What the repositories of a walk hold of a package, by repository id."""
        rows = await self._packages.packages(package, walk.ids)
        if not rows:
            return {}
        versions: dict[int, dict[str, StoredVersion]] = {}
        for row in await self._packages.versions(package, walk.ids):
            versions.setdefault(row.repository, {})[row.version] = StoredVersion(
                version=row.version,
                manifest=row.manifest,
                assets=row.assets,
                published_at=row.published_at,
                status=row.status,
                origin=row.origin,
                revision=row.revision,
            )
        return {
            row.repository: Holding(
                versions=versions.get(row.repository, {}),
                tags=row.tags,
                about=row.about,
                controls=row.controls,
                revision=row.revision,
            )
            for row in rows
        }

    async def _ask(
        self,
        walk: Walk,
        sources: Sequence[Source],
        intent: ReadPackage,
        holdings: Mapping[int, Holding],
    ) -> dict[str, Asked]:
        """Ask every connection that may answer, all at once."""
        identity = FORMATS[intent.package.format].identity
        lacking = None
        if intent.version is not None and not any(
            spelling(intent.version, each.versions, identity) or intent.version in each.tags
            for each in holdings.values()
        ):
            lacking = self._lacks(intent.version, identity)
        connections = {
            source.connection: walk.connection(source)
            for source in sources
            if source.connection is not None and source.struck is None
        }
        answers = await asyncio.gather(
            *(
                self._upstreams.listing(
                    connection, intent.package, lacking=lacking, forced=intent.fresh
                )
                for connection in connections.values()
            )
        )
        return dict(zip(connections, answers, strict=True))

    async def _supplement(
        self, walk: Walk, sources: Sequence[Source], intent: ReadPackage
    ) -> StoredDocument | None:
        """What the nearest connection adds to a view; without it the view says less."""
        form = FORMATS[intent.package.format]
        for source in sources:
            if source.connection is None or source.struck is not None:
                continue
            connection = walk.connection(source)
            fetch = form.supplement(intent, str(connection.url))
            if fetch is None:
                return None
            try:
                return await self._upstreams.document(connection, fetch, SUPPLEMENT_LIFETIME)
            except MirrorError:
                return None
        return None

    def _lacks(self, version: str, identity: Identity) -> Lacks:
        async def lacks(listing: StoredListing) -> bool:
            path = self._blobs.path(listing.sha256)
            try:
                return not await asyncio.to_thread(listings.knows, path, version, identity)
            except FileNotFoundError:  # a newer listing has just taken its place
                return True

        return lacks


def _nothing(package: Package, asked: Mapping[str, Asked]) -> MirrorError:
    """Nobody has it; but where somebody could not be asked, that is not a "not found"."""
    return _failure(asked) or NotFound(
        "package", str(package), f"no source of this repository has {package}"
    )


def _unknown(missing: NotFound, asked: Mapping[str, Asked]) -> MirrorError:
    return _failure(asked) or missing


def _failure(asked: Mapping[str, Asked]) -> MirrorError | None:
    """Why something that nobody showed may be there all the same."""
    errors = (each.error for each in asked.values())
    return next((each for each in errors if not isinstance(each, NotFound | None)), None)


def _body(spilled: Spilled) -> Body:
    """A spilled file lives on as an open descriptor without a name: nothing to clean up."""
    if isinstance(spilled, bytes):
        return spilled
    descriptor = os.open(spilled, os.O_RDONLY | os.O_CLOEXEC)
    spilled.unlink()
    return OpenFile(descriptor, os.fstat(descriptor).st_size)
