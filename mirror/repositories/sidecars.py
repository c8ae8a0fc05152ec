"""Files that stand beside another one and only tell about it (PEP 658, PEP 740).

They are read as documents are: kept for the next reader and for an outage, while no version is
retained for them (API contract §13, U7).
"""

import time
from dataclasses import dataclass

from mirror.errors import Unavailable
from mirror.formats.format import Fetch
from mirror.model import Digests, ListedAsset, Promise
from mirror.repositories.deduplication import already_here
from mirror.repositories.upstreams import Upstreams
from mirror.store.blobs import Blobs
from mirror.store.files import OpenFile
from mirror.store.packages import Packages
from mirror.upstream.connections import Connection

UNPROMISED = 600.0
"""Seconds for which a sidecar without an announced digest counts as fresh (pypi.md §8)."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar, open. `asked` tells that the upstream was, for this very reading.

    One with a promise is good for ever; any other until `fresh_until` (epoch seconds).
    """

    file: OpenFile
    digests: Digests
    fresh_until: float = float("inf")
    asked: bool = False


class Sidecars:
    """Reads what an upstream lists beside its files."""

    def __init__(self, packages: Packages, upstreams: Upstreams, blobs: Blobs) -> None:
        self._packages = packages
        self._upstreams = upstreams
        self._blobs = blobs

    async def read(self, connection: Connection, asset: ListedAsset) -> Sidecar:
        """The bytes that the listing promises, or the newest where it promises none.

        Raises `NotFound`, `Unavailable` and `Misbehaved`.
        """
        known = await already_here(self._packages, self._blobs, asset.promise)
        if known is not None:
            return Sidecar(known[1], known[0])
        began = time.time()
        # As it is: a digest is of the file and not of some coding of it.
        fetch = Fetch(asset.url, {"Accept-Encoding": "identity"}, promise=asset.promise)
        document = await self._upstreams.document(connection, fetch, UNPROMISED)
        exact = Promise(document.size, {"sha256": document.sha256})
        found = await already_here(self._packages, self._blobs, exact)
        if found is None or asset.promise.broken_by(found[0]):
            raise Unavailable(f"'{asset.name}' changed while it was read: try again")
        digests, file = found
        promised = asset.promise.strongest is not None
        until = float("inf") if promised else document.checked_at + UNPROMISED
        return Sidecar(file, digests, until, asked=document.checked_at >= began)
