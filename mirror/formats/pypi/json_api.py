"""PyPI's JSON API, `/pypi/{project}/json` (pypi.md §3.3), for the tools that ask it: Dependabot,
Renovate, audits.

Made from the listing like every other view, so that it shows what may be installed from here and
links to it. What describes the version is the upstream's own answer where that is about the same
files, else the metadata that is stored; what neither says is null, as for old versions on pypi.org.
"""

from typing import Any

import orjson

from mirror.errors import NotFound
from mirror.formats.intents import ReadPackage, Rendering
from mirror.formats.pypi import names, upstream_api
from mirror.formats.pypi.entries import entries, uploaded_at
from mirror.formats.pypi.files import kind, python_tag
from mirror.formats.pypi.versions import identity, precedence, stable
from mirror.formats.times import iso
from mirror.model import ListedVersion, Listing

JSON = "application/json"

# The fields of `info` that core metadata has under the same name; the rest is computed.
_TEXTS = (
    "author",
    "author_email",
    "description_content_type",
    "download_url",
    "home_page",
    "license",
    "license_expression",
    "maintainer",
    "maintainer_email",
    "requires_python",
    "summary",
)
_LISTS = ("dynamic", "license_files", "provides_extra", "requires_dist")

_Files = list[dict[str, Any]]


def render(intent: ReadPackage, listing: Listing, base: str, supplement: bytes = b"") -> Rendering:
    """The document of a project, or of one of its versions; raises `NotFound`.

    `supplement` is what the upstream's API says, as `upstream_api.question` asked it.
    """
    if intent.version is None:
        version = latest(listing)
        releases = {
            each: files_of(listing, listing.versions[each], base)
            for each in sorted(listing.versions, key=precedence)
        }
        files, more = releases[version.version], {"releases": releases}
    else:
        version = _find(listing, intent.version)
        files, more = files_of(listing, version, base), {}
    theirs = upstream_api.told(supplement, files)
    document = {
        "info": _info(listing, version, files, base)
        | theirs.get("info", {})
        | _yank(version, files),
        "last_serial": listing.revision,
        "ownership": theirs.get("ownership", {"organization": None, "roles": []}),
        **more,
        "urls": files,
        "vulnerabilities": theirs.get("vulnerabilities", []),
    }
    return Rendering(orjson.dumps(document), JSON)


def latest(listing: Listing) -> ListedVersion:
    """Not yanked before yanked, releases before prereleases, then the highest."""
    return max(
        listing.versions.values(),
        key=lambda each: (not _yanked(each), stable(each.version), precedence(each.version)),
    )


def files_of(listing: Listing, version: ListedVersion, base: str) -> _Files:
    """The files of a version as this API describes them."""
    page = f"{base}simple/{listing.package.name}/"
    return [
        _file(page, version, name, entry) for name, entry in entries(listing.package, version, None)
    ]


def _file(page: str, version: ListedVersion, name: str, entry: dict[str, Any]) -> dict[str, Any]:
    uploaded = uploaded_at(entry, version)
    moment = None if uploaded is None else iso(uploaded)
    yanked = entry["yanked"]
    return {
        "comment_text": None,
        "core-metadata": entry.get("core-metadata", False),
        "digests": entry["hashes"],
        "downloads": -1,
        "filename": name,
        "has_sig": entry.get("gpg-sig", False),
        "md5_digest": entry["hashes"].get("md5"),
        "packagetype": kind(name),
        "python_version": python_tag(name),
        "requires_python": entry.get("requires-python"),
        "size": entry.get("size"),
        "upload_time": None if moment is None else moment.partition(".")[0],
        "upload_time_iso_8601": moment,
        "url": page + names.link(version.version, name),
        "yanked": bool(yanked),
        "yanked_reason": yanked if isinstance(yanked, str) else None,
    }


def _info(listing: Listing, version: ListedVersion, files: _Files, base: str) -> dict[str, Any]:
    kept = version.manifest.get("metadata")
    metadata = kept if isinstance(kept, dict) else {}
    name = listing.package.name
    page = f"{base}simple/{name}/"
    info: dict[str, Any] = {field: metadata.get(field) for field in (*_TEXTS, *_LISTS)}
    if info["requires_python"] is None:
        info["requires_python"] = next((each["requires_python"] for each in files), None)
    return info | {
        "bugtrack_url": None,
        "classifiers": metadata.get("classifiers") or [],
        "description": "",
        "docs_url": None,
        "downloads": {"last_day": -1, "last_month": -1, "last_week": -1},
        "keywords": ",".join(metadata.get("keywords") or ()) or None,
        "name": metadata.get("name") or name,
        "package_url": page,
        "platform": None,
        "project_url": page,
        "project_urls": metadata.get("project_urls") or None,
        "release_url": page,
        "version": version.version,
    }


def _yank(version: ListedVersion, files: _Files) -> dict[str, Any]:
    """The page's own word: it is asked for more often than the API."""
    reasons = (each["yanked_reason"] for each in files if each["yanked_reason"])
    return {"yanked": _yanked(version), "yanked_reason": next(reasons, None)}


def _find(listing: Listing, wanted: str) -> ListedVersion:
    found = listing.versions.get(wanted)
    if found is None:
        same = [each for each in listing.versions if identity(each) == identity(wanted)]
        found = listing.versions[same[0]] if same else None
    if found is None:
        raise NotFound("package-version", f"{listing.package.name}=={wanted}")
    return found


def _yanked(version: ListedVersion) -> bool:
    """A version is yanked where all of its files are (PEP 592)."""
    files = version.manifest.get("files")
    if not isinstance(files, dict) or not files:
        return False
    return all(isinstance(each, dict) and bool(each.get("yanked")) for each in files.values())
