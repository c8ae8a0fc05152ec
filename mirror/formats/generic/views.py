"""What clients are told of versions, in the members of the API (API contract §4)."""

from typing import Any

import orjson

from mirror.errors import NotFound
from mirror.formats.changes import Outcome, Publication
from mirror.formats.intents import ReadPackage, Rendering
from mirror.model import Listing, Package

JSON = "application/json"


def render(intent: ReadPackage, listing: Listing) -> Rendering:
    """The assets of a version, as ListPackageVersionAssets has them, and its status."""
    version = listing.versions.get(intent.version or "")
    if version is None:
        raise NotFound("package-version", intent.version or "")
    assets = version.manifest["assets"]
    document = {
        **_coordinates(listing.package, version.version),
        "versionRevision": version.revision,
        "status": version.status,
        "assets": [{"name": name, **assets[name]} for name in sorted(assets)],
    }
    return Rendering(orjson.dumps(document), JSON)


def published(publication: Publication, outcome: Outcome) -> dict[str, Any]:
    """The answer of PublishPackageVersion."""
    [(name, asset)] = publication.manifest["assets"].items()
    return {
        **_coordinates(publication.package, publication.version),
        "versionRevision": outcome.version_revision,
        "status": outcome.status,
        "asset": {"name": name, **asset},
    }


def _coordinates(package: Package, version: str) -> dict[str, str]:
    namespace = {"namespace": package.namespace} if package.namespace else {}
    return {"format": package.format, **namespace, "package": package.name, "version": version}
