"""Bytes in and out: publishing an asset of a generic package, and fetching any asset (§5, §11)."""

import asyncio
from typing import Any
from urllib.parse import quote

from aiohttp import web

from mirror.api.call import Call
from mirror.api.errors import FIELD, OTHER, Rejected
from mirror.api.services import Services
from mirror.endpoints.bodies import Spool
from mirror.endpoints.entity import Entity
from mirror.endpoints.sending import Sending
from mirror.errors import Conflict, Invalid, NotFound, Storage
from mirror.formats.generic.publish import WholeBody, proposal, publication
from mirror.formats.generic.views import published
from mirror.formats.intents import Submit
from mirror.model import Digests, Status
from mirror.store.packages import AssetRow

GENERIC = "generic"


async def publish_package_version(services: Services, call: Call) -> dict[str, Any]:
    """Add the body to a version, which is finished by it unless `unfinished` says otherwise."""
    intent = _proposal(call)
    if call.request is None or intent.proposal is None:
        raise Rejected("an asset is published over HTTP: its content is the request's body")
    repository = await services.search.repository(call.domain, call.input["repository"], call.owner)
    walk = services.search.walk(repository, GENERIC)
    await services.publisher.foresee(walk, intent.proposal)
    async with Spool(services.blobs) as spool:
        await spool.receive(call.request, WholeBody(), services.quotas.asset_size)
        change = await asyncio.to_thread(publication, intent, spool.parts())
        outcome = await services.publisher.publish(walk, change, spool.digests)
        if outcome.created:
            await spool.keep()
    return published(change, outcome)


async def get_package_version_asset(services: Services, call: Call) -> web.StreamResponse:
    """An asset that the repository itself holds; upstreams are not asked."""
    given = call.input
    repository = await services.search.repository(call.domain, given["repository"], call.owner)
    rows = await services.packages.find_asset(
        call.package, [repository.id], given["packageVersion"], given["asset"]
    )
    if not rows:
        raise NotFound("package", given["package"])
    digests = _downloadable(call, rows[0])
    file = await services.blobs.open(digests.sha256, digests.size)
    if file is None:
        raise Storage(
            f"the stored file '{given['asset']}' is missing or damaged: restore it from a backup, "
            "or read it with its package manager, where it came from upstream"
        )
    entity = Entity(
        content_type="application/octet-stream",
        etag=f'"{digests.sha256}"',
        cache_control="no-store",
        headers=(
            ("X-AssetName", _sendable(given["asset"])),
            ("X-PackageVersion", _sendable(given["packageVersion"])),
            ("X-PackageVersionRevision", rows[0].revision or ""),
            ("X-Content-Type-Options", "nosniff"),
        ),
        body=file,
        ranges=True,
    )
    return Sending(entity, request_id=call.id, headers=(("x-amzn-RequestId", call.id),))


def _proposal(call: Call) -> Submit:
    given = call.input
    if given["format"] != GENERIC:
        raise Rejected(
            f"{given['format']} packages are published with their package manager: only generic "
            "ones are published here",
            OTHER,
        )
    if "namespace" not in given:
        raise Rejected("generic packages need a namespace", FIELD)
    try:
        return proposal(
            call.package,
            given["packageVersion"],
            given["assetName"],
            unfinished=given.get("unfinished", False),
            sha256=given["assetSHA256"],
        )
    except Invalid as error:
        raise Rejected(str(error), FIELD) from error


def _downloadable(call: Call, row: AssetRow) -> Digests:
    """The asset's digests; raises `NotFound` and `Conflict` where it is not to be had (§5, §9)."""
    version, asset = call.input["packageVersion"], call.input["asset"]
    revision = call.input.get("packageVersionRevision")
    if row.status is None:
        raise NotFound("package-version", version)
    if revision not in {None, row.revision}:
        raise Conflict(
            f"current revision: {row.revision}, expected revision: {revision}",
            kind="package-version",
            name=version,
        )
    if row.status is Status.ARCHIVED:
        raise Conflict(
            f"version {version} is Archived: its assets cannot be downloaded until it is Unlisted "
            "or Published again",
            kind="package-version",
            name=version,
        )
    if row.digests is None or not row.status.downloadable:
        raise NotFound("asset", asset, f"version {version} has no asset '{asset}' to download")
    return row.digests


def _sendable(text: str) -> str:
    """A header's value: what is not plain ASCII is percent-encoded (generic.md §6)."""
    return text if text.isascii() and text.isprintable() else quote(text)
