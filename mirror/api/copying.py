"""CopyPackageVersions (API contract §9)."""

from collections.abc import Mapping, Sequence
from typing import Any

from mirror.api.call import Call
from mirror.api.errors import FIELD, Rejected
from mirror.api.services import Services
from mirror.api.statuses import batch
from mirror.auth.access import READ
from mirror.formats import FORMATS
from mirror.repositories.copying import Copying
from mirror.repositories.statuses import Selection
from mirror.store.domains import Repository

_NAMESPACED = frozenset({"generic", "maven", "swift"})


async def copy_package_versions(services: Services, call: Call) -> Any:
    """Copy versions to another repository of the domain, all of them or none."""
    given = call.input
    selection = _selection(call)
    package = call.package
    if package.format in _NAMESPACED and not package.namespace:
        raise Rejected(f"{package.format} packages are copied by namespace and name", FIELD)
    if given["sourceRepository"] == given["destinationRepository"]:
        raise Rejected("sourceRepository and destinationRepository are the same", FIELD)
    _may_read_source(services, call)
    source = await services.search.repository(call.domain, given["sourceRepository"], call.owner)
    destination = await services.search.repository(
        call.domain, given["destinationRepository"], call.owner
    )
    order = Copying(
        package=package,
        source=source,
        destination=destination,
        selection=selection,
        overwrite=given.get("allowOverwrite", False),
        rights=services.search.rights(package, destination.id),
        tags=await _gathered(services, call, source, selection.versions),
    )
    return batch(await services.copier.copy(order))


async def _gathered(
    services: Services, call: Call, source: Repository, versions: Sequence[str]
) -> Mapping[str, str] | None:
    """Bring into the source what it can reach, where that was asked; the tags that it shows."""
    package = call.package
    if not call.input.get("includeFromUpstream") or package.format not in FORMATS:
        return None
    walk = services.search.walk(source, package.format)
    return await services.gatherer.gather(walk, package, versions)


def _selection(call: Call) -> Selection:
    versions: list[str] = call.input.get("versions", [])
    revisions: dict[str, str] = call.input.get("versionRevisions", {})
    if bool(versions) == bool(revisions):
        raise Rejected("give either versions or versionRevisions", FIELD)
    return Selection(versions or list(revisions), revisions=revisions)


def _may_read_source(services: Services, call: Call) -> None:
    name = call.input["sourceRepository"]
    administrator = services.search.administrator(call.owner, call.domain, name)
    target = services.access.repository(call.owner, call.domain, name, administrator)
    services.access.check(call.principal, READ, target, call.conditions)
