"""Packages of a repository: listed, described, controlled, deleted (API contract §5, §12).

Only what the named repository itself knows counts, with or without versions; upstreams never do.
"""

from typing import Any

from mirror.api.call import Call
from mirror.api.errors import FIELD, Rejected
from mirror.api.services import Services
from mirror.api.views import present
from mirror.model import OriginControls, Package, Restriction
from mirror.repositories.statuses import no_package
from mirror.store.catalogue import CataloguedPackage, Sought
from mirror.store.domains import Repository
from mirror.store.statuses import Record, erase_package, package_record, put_controls, require
from mirror.store.transactions import Transaction


async def list_packages(services: Services, call: Call) -> Any:
    """Packages by format, namespace and name; both name filters are prefixes."""
    given = call.input
    if "namespace" in given and "format" not in given:
        raise Rejected("namespace can only be given together with format", FIELD)
    sought = Sought(
        format=given.get("format", ""),
        namespace=given.get("namespace", ""),
        name=given.get("packagePrefix", ""),
        publish=given.get("publish"),
        upstream=given.get("upstream"),
    )
    after, limit = services.pager.start(call, 100)
    repository = await named_repository(services, call)
    found = await services.catalogue.packages(repository.id, sought, after, limit + 1)
    rows, more = services.pager.page(call, found, limit, key=lambda row: row.package)
    return {"packages": [_summary(row.package, row.controls) for row in rows], **more}


async def describe_package(services: Services, call: Call) -> Any:
    """A package, be it without versions."""
    repository = await named_repository(services, call)
    found = await held_package(services, call, repository)
    package = found.package
    return {
        "package": present(
            format=package.format,
            namespace=package.namespace or None,
            name=package.name,
            originConfiguration=_configuration(found.controls),
        )
    }


async def put_package_origin_configuration(services: Services, call: Call) -> Any:
    """Set the origin controls, of a package that may have no version yet or any more."""
    repository = await named_repository(services, call)
    package = call.package
    controls = OriginControls(
        Restriction(call.input["restrictions"]["publish"]),
        Restriction(call.input["restrictions"]["upstream"]),
    )

    async def put(transaction: Transaction) -> None:
        await require(transaction, repository)
        await put_controls(transaction, repository.id, package, controls)

    await services.database.write(put)
    return {"originConfiguration": _configuration(controls)}


async def delete_package(services: Services, call: Call) -> Any:
    """Delete a package with its versions, tags and origin controls."""
    repository = await named_repository(services, call)
    package = call.package

    async def delete(transaction: Transaction) -> tuple[Record, list[str]]:
        record = await package_record(transaction, repository.id, package)
        if record is None:
            raise no_package(package, repository)
        return record, await erase_package(transaction, record.id, package)

    record, released = await services.database.write(delete)
    await services.blobs.discard(released)
    return {"deletedPackage": _summary(package, record.controls)}


async def named_repository(services: Services, call: Call) -> Repository:
    """The repository that a call names; raises `NotFound` for it or its domain."""
    return await services.search.repository(call.domain, call.input["repository"], call.owner)


async def held_package(services: Services, call: Call, repository: Repository) -> CataloguedPackage:
    """The package that a call names, as the repository itself has it; raises `NotFound`."""
    found = await services.catalogue.package(repository.id, call.package)
    if found is None:
        raise no_package(call.package, repository)
    return found


def _summary(package: Package, controls: OriginControls) -> dict[str, Any]:
    return present(
        format=package.format,
        namespace=package.namespace or None,
        package=package.name,
        originConfiguration=_configuration(controls),
    )


def _configuration(controls: OriginControls) -> dict[str, Any]:
    return {"restrictions": {"publish": controls.publish, "upstream": controls.upstream}}
