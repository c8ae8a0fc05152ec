"""Versions of a package: listed, described, and what is inside them (API contract §5).

Only what the named repository itself holds counts, in every status; upstreams never do.
"""

from bisect import bisect_right
from typing import Any

import orjson

from mirror.api.call import Call
from mirror.api.errors import OTHER, Rejected
from mirror.api.packages import held_package, named_repository
from mirror.api.services import Services
from mirror.api.views import present
from mirror.errors import NotFound
from mirror.formats import FORMATS
from mirror.model import Dependency, Digests, Origin
from mirror.repositories.spelling import spelling
from mirror.store.catalogue import CataloguedPackage, DescribedVersion

README_ANSWER = 400 * 1024
"""Bytes of an answer with a readme, at most (GetPackageVersionReadme)."""

_WITHOUT_README = frozenset({"generic", "maven"})


async def list_package_versions(services: Services, call: Call) -> Any:
    """All versions, newest first, whether `sortBy` asks for that or not."""
    after, limit = services.pager.start(call, 50)
    package = await _package(services, call)
    found = await services.catalogue.versions(
        package.id,
        after,
        limit + 1,
        status=call.input.get("status"),
        origin_type=call.input.get("originType"),
    )
    rows, more = services.pager.page(call, found, limit, key=lambda row: (row.at, row.version))
    return present(
        defaultDisplayVersion=await services.catalogue.default_version(package.id),
        format=package.package.format,
        namespace=package.package.namespace or None,
        package=package.package.name,
        versions=[
            {
                "version": row.version,
                "revision": row.revision,
                "status": row.status,
                "origin": _origin(row.origin),
            }
            for row in rows
        ],
        **more,
    )


async def describe_package_version(services: Services, call: Call) -> Any:
    """What is known of a version, also of a disposed one."""
    package = await _package(services, call)
    version = await _version(services, call, package)
    summary = version.summary
    return {
        "packageVersion": present(
            format=package.package.format,
            namespace=package.package.namespace or None,
            packageName=package.package.name,
            displayName=version.display_name or package.package.name,
            version=version.version,
            summary=summary.summary,
            homePage=summary.home_page,
            sourceCodeRepository=summary.source_repository,
            publishedTime=version.published_at,
            licenses=[_license(each) for each in summary.licenses],
            revision=version.revision,
            status=version.status,
            origin=_origin(version.origin),
        )
    }


async def list_package_version_assets(services: Services, call: Call) -> Any:
    """A version's assets by name, with their size (bytes) and hashes."""
    after, limit = services.pager.start(call)
    package = await _package(services, call)
    version = await _version(services, call, package)
    form = FORMATS.get(call.package.format)
    found = await services.catalogue.assets(
        version.id, after, limit + 1, without=form.companions if form is not None else ()
    )
    rows, more = services.pager.page(call, found, limit, key=lambda row: (row.name,))
    assets = [
        {"name": row.name, "size": row.digests.size, "hashes": hashes(row.digests)} for row in rows
    ]
    return {**_head(package, version), "assets": assets, **more}


async def list_package_version_dependencies(services: Services, call: Call) -> Any:
    """What a version's own manifest declares, in its order."""
    after, limit = services.pager.start(call)
    package = await _package(services, call)
    version = await _version(services, call, package)
    found = await services.catalogue.dependencies(version.id, after, limit + 1)
    rows, more = services.pager.page(call, found, limit, key=lambda row: row[:1])
    return {
        **_head(package, version),
        "dependencies": [_dependency(each) for _, each in rows],
        **more,
    }


async def get_package_version_readme(services: Services, call: Call) -> Any:
    """A version's readme, cut where the whole answer would be too long."""
    if call.input["format"] in _WITHOUT_README:
        raise Rejected(f"{call.input['format']} packages have no readme that could be shown", OTHER)
    package = await _package(services, call)
    version = await _version(services, call, package)
    readme = await services.catalogue.readme(version.id)
    if readme is None:
        raise NotFound(
            "package-version", version.version, f"version {version.version} has no readme"
        )
    head = _head(package, version)
    room = README_ANSWER - len(orjson.dumps({**head, "readme": ""}))
    return {**head, "readme": _cut(readme, room)}


def hashes(digests: Digests) -> dict[str, str]:
    """An asset's hashes, by the API's names for the algorithms."""
    return {
        "MD5": digests.md5,
        "SHA-1": digests.sha1,
        "SHA-256": digests.sha256,
        "SHA-512": digests.sha512,
    }


async def _package(services: Services, call: Call) -> CataloguedPackage:
    return await held_package(services, call, await named_repository(services, call))


async def _version(services: Services, call: Call, package: CataloguedPackage) -> DescribedVersion:
    """The version that the call names, in whichever spelling; raises `NotFound`."""
    wanted: str = call.input["packageVersion"]
    found = await services.catalogue.version(package.id, wanted)
    form = FORMATS.get(package.package.format)
    if found is None and form is not None:
        names = await services.catalogue.version_names(package.id)
        known = spelling(wanted, names, form.identity)
        found = await services.catalogue.version(package.id, known) if known is not None else None
    if found is None:
        raise NotFound(
            "package-version",
            wanted,
            f"Package version not found. Package '{package.package}' has no version '{wanted}' in "
            f"repository '{call.input['repository']}'",
        )
    return found


def _head(package: CataloguedPackage, version: DescribedVersion) -> dict[str, Any]:
    return present(
        format=package.package.format,
        namespace=package.package.namespace or None,
        package=package.package.name,
        version=version.version,
        versionRevision=version.revision,
    )


def _license(text: str) -> dict[str, str]:
    """A license is told by its name, or by an address where the author gave only that."""
    return {"url" if text.startswith(("https://", "http://")) else "name": text}


def _origin(origin: Origin) -> dict[str, Any]:
    """Where a version entered the domain; of unknown origins there is nothing but the word."""
    place = present(
        repositoryName=origin.repository,
        externalConnectionName=origin.connection,
    )
    return present(originType=origin.type, domainEntryPoint=place or None)


def _dependency(dependency: Dependency) -> dict[str, Any]:
    return present(
        namespace=dependency.namespace or None,
        package=dependency.package,
        dependencyType=dependency.type or None,
        versionRequirement=dependency.requirement,
    )


def _cut(text: str, room: int) -> str:
    """As much of the beginning as fits into `room` bytes of JSON, quotes not counted."""

    def size(characters: int) -> int:
        return len(orjson.dumps(text[:characters])) - 2

    if len(text) <= room and size(len(text)) <= room:
        return text
    return text[: bisect_right(range(min(len(text), room) + 1), room, key=size) - 1]
