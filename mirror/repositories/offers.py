"""One file as a connection's own listing describes it."""

import asyncio

from mirror.errors import NotFound
from mirror.formats import FORMATS
from mirror.formats.intents import ReadAsset
from mirror.model import ListedAsset, ListedVersion
from mirror.repositories import listings
from mirror.repositories.upstreams import Upstreams
from mirror.store.blobs import Blobs
from mirror.store.documents import StoredListing
from mirror.upstream.connections import Connection


class Offers:
    """Looks files up in listings, without reading more than a line of one."""

    def __init__(self, upstreams: Upstreams, blobs: Blobs) -> None:
        self._upstreams = upstreams
        self._blobs = blobs

    async def find(
        self, connection: Connection, intent: ReadAsset
    ) -> tuple[ListedVersion, ListedAsset] | None:
        """The file and its version; None where the listing, asked for again if need be, lacks it.

        Raises what kept the upstream from answering.
        """
        looked_at: StoredListing | None = None
        version: ListedVersion | None = None

        async def lacks(listing: StoredListing) -> bool:
            nonlocal looked_at, version
            looked_at = listing
            version = await asyncio.to_thread(self._find, listing, intent)
            names = {asset.name for asset in version.assets} if version is not None else set()
            return (intent.beside or intent.asset) not in names

        asked = await self._upstreams.listing(connection, intent.package, lacking=lacks)
        # What the older listing said no longer counts: the version may have been withdrawn.
        if asked.listing is not None and asked.listing != looked_at:
            await lacks(asked.listing)
        if asked.listing is not None and version is not None:
            for asset in version.assets:
                if asset.name == intent.asset:
                    return version, asset
        if not isinstance(asked.error, NotFound | None):
            raise asked.error
        return None

    def _find(self, listing: StoredListing, intent: ReadAsset) -> ListedVersion | None:
        path = self._blobs.path(listing.sha256)
        try:
            identity = FORMATS[intent.package.format].identity
            file = intent.beside or intent.asset
            return listings.find(path, version=intent.version, asset=file, identity=identity)
        except FileNotFoundError:  # a newer listing has just taken its place
            return None
