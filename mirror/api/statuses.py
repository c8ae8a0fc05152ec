"""Batches of versions: their status changed, their assets disposed of, or they deleted (§9)."""

from typing import Any

from mirror.api.call import Call
from mirror.api.errors import FIELD, Rejected
from mirror.api.packages import named_repository
from mirror.api.services import Services
from mirror.model import Status
from mirror.repositories.statuses import Results, Selection

TARGETS = (Status.PUBLISHED, Status.UNLISTED, Status.ARCHIVED)
"""What a status may be updated to; the others have operations of their own, or none."""


async def update_package_versions_status(services: Services, call: Call) -> Any:
    """Make versions Published, Unlisted or Archived, all of them or none."""
    target: str = call.input["targetStatus"]
    if target not in TARGETS:
        raise Rejected(f"targetStatus must be one of {', '.join(TARGETS)}, not {target}", FIELD)
    selection = _selection(call)
    repository = await named_repository(services, call)
    return batch(
        await services.statuses.update(repository, call.package, selection, Status(target))
    )


async def dispose_package_versions(services: Services, call: Call) -> Any:
    """Delete the assets of versions for ever, of all of them or none."""
    selection = _selection(call)
    repository = await named_repository(services, call)
    return batch(await services.statuses.dispose(repository, call.package, selection))


async def delete_package_versions(services: Services, call: Call) -> Any:
    """Delete versions, all of them or none; the package stays, be it empty."""
    selection = _selection(call)
    repository = await named_repository(services, call)
    return batch(await services.statuses.delete(repository, call.package, selection))


def batch(results: Results) -> dict[str, Any]:
    """The answer of a batch; both maps are always there."""
    return {
        "successfulVersions": {
            version: {"revision": each.revision, "status": each.status}
            for version, each in results.successes.items()
        },
        "failedVersions": {
            version: {"errorCode": each.code, "errorMessage": each.message}
            for version, each in results.failures.items()
        },
    }


def _selection(call: Call) -> Selection:
    versions: list[str] = call.input["versions"]
    revisions: dict[str, str] | None = call.input.get("versionRevisions")
    if revisions is not None and revisions.keys() != set(versions):
        raise Rejected("versionRevisions must name exactly the versions of 'versions'", FIELD)
    return Selection(versions, call.input.get("expectedStatus"), revisions or {})
