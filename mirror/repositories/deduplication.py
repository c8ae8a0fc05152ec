"""Bytes that are here already, under whatever name and in whichever repository (U15)."""

from mirror.model import Digests, Promise
from mirror.store.blobs import Blobs
from mirror.store.files import OpenFile
from mirror.store.packages import Packages


async def already_here(
    packages: Packages, blobs: Blobs, promise: Promise
) -> tuple[Digests, OpenFile] | None:
    """The promised bytes, open; None where they must be fetched, or nothing certain is promised."""
    if promise.strongest is None or promise.strongest[0] not in {"sha256", "sha512"}:
        return None
    digests = await packages.blob(*promise.strongest)
    if digests is None:
        return None
    file = await blobs.open(digests.sha256, digests.size)
    return None if file is None else (digests, file)
