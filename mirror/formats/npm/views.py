"""From a listing to the documents that clients read (npm.md §3, §6, §12).

A listing is rendered more than once and shared between requests, so nothing in it is ever
changed: what differs is copied shallowly, one level where something is replaced.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from mirror.errors import NotFound
from mirror.formats.intents import ReadPackage, Rendering
from mirror.formats.npm import names
from mirror.formats.npm.accept import ABBREVIATED, FULL
from mirror.formats.npm.revisions import revision_text
from mirror.formats.npm.versions import precedence, stable
from mirror.formats.times import epoch
from mirror.model import ListedVersion, Listing

ATTESTATIONS = "_attestations"
"""The manifest field that keeps a publication's provenance; it is in no packument."""

# npm/registry docs/responses/package-metadata.md, and what clients need since (npm.md §3).
_SHORT = (
    "name",
    "version",
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "acceptDependencies",
    "bundleDependencies",
    "bundledDependencies",
    "bin",
    "directories",
    "engines",
    "cpu",
    "os",
    "libc",
    "funding",
    "deprecated",
    "hasInstallScript",
    "_hasShrinkwrap",
)


def render(intent: ReadPackage, listing: Listing, base: str) -> Rendering:
    """The document asked for; raises `NotFound` when the listing lacks what the intent names."""
    if not listing.versions:
        raise NotFound("package", names.address(intent.package))
    return _VIEWS[intent.view](intent, listing, base)


def has_install_script(manifest: Mapping[str, Any]) -> bool:
    """Whether installing runs something; without the hint npm skips it.

    Where the archive is at hand, a root `binding.gyp` decides as well; here `gypfile` stands for it.
    """
    scripts = manifest.get("scripts")
    if isinstance(scripts, dict) and any(
        scripts.get(script) for script in ("preinstall", "install", "postinstall")
    ):
        return True
    return manifest.get("gypfile") is True


def latest(listing: Listing) -> str:
    """The version under the tag; where it dangles the highest release, else the highest at all."""
    tagged = listing.tags.get("latest")
    if tagged in listing.versions:
        return str(tagged)
    return max(listing.versions, key=lambda version: (stable(version), precedence(version)))


def tags_of(listing: Listing) -> dict[str, str]:
    """Tags that point at listed versions, for npm fails with ETARGET on any other."""
    tags = {tag: version for tag, version in listing.tags.items() if version in listing.versions}
    tags["latest"] = latest(listing)
    return tags


def _full(_intent: ReadPackage, listing: Listing, base: str) -> Rendering:
    name = names.address(listing.package)
    document = {
        "_id": name,
        "_rev": revision_text(listing.revision),  # without it npm asks for `-rev/undefined`
        "name": name,
        "dist-tags": tags_of(listing),
        "versions": {v: _manifest(listing, entry, base) for v, entry in listing.versions.items()},
        "time": _times(listing),
    }
    about = {key: value for key, value in listing.about.items() if key not in document}
    return _json(document | about)


def _abbreviated(_intent: ReadPackage, listing: Listing, base: str) -> Rendering:
    times = _times(listing)
    document: dict[str, Any] = {
        "name": names.address(listing.package),
        "dist-tags": tags_of(listing),
        "versions": {v: _short(listing, entry, base) for v, entry in listing.versions.items()},
        # Not in npm's own short form; without it clients with a minimum age fetch the full one.
        "time": times,
    }
    if "modified" in times:
        document["modified"] = times["modified"]
    return _json(document, ABBREVIATED)


def _one(intent: ReadPackage, listing: Listing, base: str) -> Rendering:
    return _json(_manifest(listing, _resolve(intent, listing), base))


def _tags(_intent: ReadPackage, listing: Listing, _base: str) -> Rendering:
    return _json(tags_of(listing))


def _attestations(intent: ReadPackage, listing: Listing, _base: str) -> Rendering:
    kept = _resolve(intent, listing).manifest.get(ATTESTATIONS)
    if not kept:
        name = f"{names.address(intent.package)}@{intent.version}"
        raise NotFound("asset", name, f"no attestations are kept for {name}")
    return _json({"attestations": kept})


_VIEWS: dict[str, Callable[[ReadPackage, Listing, str], Rendering]] = {
    "full": _full,
    "abbreviated": _abbreviated,
    "manifest": _one,
    "tags": _tags,
    "attestations": _attestations,
}


def _resolve(intent: ReadPackage, listing: Listing) -> ListedVersion:
    wanted = intent.version or "latest"
    found = listing.versions.get(wanted)
    if found is None:
        found = listing.versions.get(tags_of(listing).get(wanted, ""))
    if found is None:
        raise NotFound("package-version", f"{names.address(intent.package)}@{wanted}")
    return found


def _manifest(listing: Listing, entry: ListedVersion, base: str) -> dict[str, Any]:
    manifest = dict(entry.manifest)
    manifest.pop(ATTESTATIONS, None)
    manifest["dist"] = _dist(listing, entry, base)
    return manifest


def _short(listing: Listing, entry: ListedVersion, base: str) -> dict[str, Any]:
    manifest = entry.manifest
    short = {key: manifest[key] for key in _SHORT if key in manifest}
    short["dist"] = _dist(listing, entry, base)
    if "hasInstallScript" not in short and has_install_script(manifest):
        short["hasInstallScript"] = True
    return short


def _dist(listing: Listing, entry: ListedVersion, base: str) -> dict[str, Any]:
    """The manifest's own `dist` with our addresses; hashes and signatures untouched (§8)."""
    name = names.address(listing.package)
    found = entry.manifest.get("dist")
    dist = dict(found) if isinstance(found, dict) else {}
    # Absolute, with `/` and `@` as they are: any other spelling ends up in lockfiles (§12).
    dist["tarball"] = f"{base}{name}/-/{names.file_name(listing.package, entry.version)}"
    provenance = dist.get("attestations")
    if isinstance(provenance, dict):
        url = f"{base}-/npm/v1/attestations/{name}@{entry.version}"
        dist["attestations"] = {**provenance, "url": url}
    return dist


def _times(listing: Listing) -> dict[str, Any]:
    """`time` as upstream wrote it, for listed versions only, completed from publish times.

    `modified` is never before the newest publish: pnpm takes it as a bound on every version's age.
    """
    given = listing.about.get("time")
    if not isinstance(given, dict):
        given = {}
    published = [v.published_at for v in listing.versions.values() if v.published_at is not None]
    times: dict[str, Any] = {key: given[key] for key in ("created", "modified") if key in given}
    if published:
        times.setdefault("created", _iso(min(published)))
        newest = max(published)
        if (epoch(times.get("modified")) or 0.0) < newest:
            times["modified"] = _iso(newest)
    for version, entry in listing.versions.items():
        if version in given and _same_time(given[version], entry.published_at):
            times[version] = given[version]
        elif entry.published_at is not None:
            times[version] = _iso(entry.published_at)
    return times


def _same_time(text: object, seconds: float | None) -> bool:
    """Whether the document speaks of this version, not of one that ours stands in front of."""
    if seconds is None:
        return True
    found = epoch(text)
    return found is not None and abs(found - seconds) < 1.0


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(document: Mapping[str, Any], content_type: str = FULL) -> Rendering:
    return Rendering(orjson.dumps(document), content_type)
