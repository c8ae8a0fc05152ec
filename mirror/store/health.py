"""Whether the store can be read and written, and how much it holds."""

from mirror.store.blobs import Blobs
from mirror.store.packages import Packages


class Health:
    """What `/-/ready` and `/-/metrics` ask."""

    def __init__(self, packages: Packages, blobs: Blobs) -> None:
        self._packages = packages
        self._blobs = blobs

    async def check(self) -> None:
        """Raise `Storage`, saying what to do, unless index and blob store are in order."""
        await self._packages.blob_totals()
        await self._blobs.check_writable()

    async def totals(self) -> tuple[int, int]:
        """Blobs, and their bytes in all."""
        return await self._packages.blob_totals()
