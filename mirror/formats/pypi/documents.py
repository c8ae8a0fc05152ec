"""From an upstream's simple page to a listing. Every optional field may be missing.

A version's manifest is `{"files": {file name: entry}}`; an entry has every field that PEP 691 or
anyone else gave (lessons #31), but for the name and the address, which the assets have.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from mirror.errors import Misbehaved
from mirror.formats.json_text import parse_json
from mirror.formats.pypi import names
from mirror.formats.pypi.entries import valid
from mirror.formats.pypi.files import METADATA, PROVENANCE, SIGNATURE, is_wheel, version_of
from mirror.formats.pypi.links import Links
from mirror.formats.pypi.versions import identity
from mirror.formats.times import epoch
from mirror.model import ListedAsset, ListedVersion, Listing, Package, Promise

STATUSES = ("active", "archived", "deprecated", "quarantined")  # PEP 792
_SPELLINGS = ("core-metadata", "data-dist-info-metadata", "dist-info-metadata")  # PEP 714
_URL_LENGTH = 8192  # characters
_ABSOLUTE = re.compile(
    r"(https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,4})?/[!-\"$->@-~]+)(?:#.*)?"
)
# Said by the listing itself, of one server only, or of a PEP that was rejected (708).
_NOT_ABOUT = frozenset(
    {"meta", "name", "versions", "files", "project-status", "tracks", "alternate-locations"}
)


class _Page(NamedTuple):
    """`dubious` tells that it may be something else, unless it has files of the project."""

    files: Sequence[Any]
    about: dict[str, Any]
    base: str = ""
    dubious: bool = False


def read(package: Package, documents: Sequence[bytes], urls: Sequence[str] = ()) -> Listing:
    """What a page says; raises `Misbehaved` for one that cannot be true.

    `urls` are where the documents came from after redirects, for relative links (pulp_python#852).
    A file whose name is not the project's, or that cannot be fetched, is left out. A quarantined
    project lists nothing (PEP 792): installers do not look at the status, so it is ours to enforce.
    Files of `1.0` and of `1.0.0` are of one version, which is spelt as in the first of them.
    """
    body = documents[0] if documents else b""
    start = body[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    page = _html(package, body) if start == b"<" else _json(package, body)
    status = page.about.get("project-status", {}).get("status")
    if status == "quarantined":
        return Listing(package, about=page.about, withdrawn=True)
    base = _joined(urls[0] if urls else "", page.base) or ""
    spelt: dict[str, str] = {}
    grouped: dict[str, dict[str, tuple[dict[str, Any], list[ListedAsset]]]] = {}
    for found in page.files:
        name = found.get("filename") if isinstance(found, dict) else None
        version = version_of(package, name) if isinstance(name, str) else None
        url = _url(found.get("url"), base) if version is not None else None
        if isinstance(name, str) and version is not None and url is not None:
            version = spelt.setdefault(identity(version), version)
            grouped.setdefault(version, {}).setdefault(name, _file(name, url, found))
    if page.dubious and not grouped:
        raise Misbehaved(
            f"the upstream answered for '{package.name}' with a web page that links to no file of it"
        )
    return Listing(
        package=package,
        versions={version: _version(version, files) for version, files in grouped.items()},
        about=page.about,
    )


def _json(package: Package, body: bytes) -> _Page:
    try:
        document = parse_json(body)
    except ValueError as error:
        raise Misbehaved(
            f"the upstream's page of '{package.name}' cannot be read: {error}"
        ) from None
    if not isinstance(document, dict) or not isinstance(document.get("files"), list):
        raise Misbehaved(f"the upstream's page of '{package.name}' has no list of files")
    meta = document.get("meta")
    if not isinstance(meta, dict):
        meta = {}
    _check_version(package, meta.get("api-version"))
    found = document.get("name")
    if not isinstance(found, str) or not _same(package, found):
        shown = f"'{found[: names.MAX_LENGTH]}'" if isinstance(found, str) else "nothing by name"
        raise Misbehaved(f"the upstream was asked for '{package.name}' and described {shown}")
    about = {key: value for key, value in document.items() if key not in _NOT_ABOUT}
    # The specification's own example has the status inside `meta`.
    return _Page(
        document["files"],
        about | _status(document.get("project-status") or meta.get("project-status")),
    )


def _html(package: Package, body: bytes) -> _Page:
    links = Links(body.decode("utf-8", "replace"))
    _check_version(package, links.metas.get("version"))
    dubious = bool(links.files) or links.interactive or not links.an_index
    return _Page(links.files, _status(links.metas), links.base, dubious)


def _check_version(package: Package, version: object) -> None:
    """A later major version means something else (PEP 629); a missing one means 1.0."""
    major = str(version).partition(".")[0] if version is not None else "1"
    if major != "1":
        raise Misbehaved(
            f"the upstream's page of '{package.name}' is of another API version than 1: {major[:20]}"
        )


def _same(package: Package, name: str) -> bool:
    return name == package.name or names.normal(name) == package.name


def _status(found: object) -> dict[str, Any]:
    status = found.get("status") if isinstance(found, dict) else None
    if status not in STATUSES or not isinstance(found, dict):
        return {}
    kept = {"status": status}
    if isinstance(found.get("reason"), str) and found["reason"]:
        kept["reason"] = found["reason"]
    return {"project-status": kept}


def _url(written: object, base: str) -> str | None:
    """The file's absolute address without its fragment; None where it has none."""
    if not isinstance(written, str) or not 0 < len(written) <= _URL_LENGTH:
        return None
    return _joined(base, written)


def _joined(base: str, written: str) -> str | None:
    absolute = _ABSOLUTE.fullmatch(written)
    if absolute is not None:  # the usual thing, at a tenth of what taking addresses apart costs
        return absolute[1]
    try:
        url = urldefrag(urljoin(base, written)).url
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def _file(
    name: str, url: str, found: Mapping[str, Any]
) -> tuple[dict[str, Any], list[ListedAsset]]:
    """The entry to keep, and the assets: the file itself, then what stands beside it."""
    entry = {key: value for key, value in found.items() if key not in ("filename", "url")}
    hashes = entry.get("hashes")
    entry["hashes"] = hashes = hashes if isinstance(hashes, dict) else {}
    if not (isinstance(entry.get("yanked"), bool | str) and entry["yanked"]):
        entry["yanked"] = False
    if not isinstance(entry.get("requires-python"), str):
        entry.pop("requires-python", None)
    size = entry.get("size")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        entry.pop("size", None)
        size = None
    assets = [ListedAsset(name, url, Promise(size, valid(hashes)))]
    stated = [value for each in _SPELLINGS if (value := entry.pop(each, None)) is not None]
    if stated and stated[0] and is_wheel(name):
        entry["core-metadata"] = stated[0]
        digests = valid(stated[0]) if isinstance(stated[0], dict) else {}
        assets.append(ListedAsset(name + METADATA, _beside(url, METADATA), Promise(None, digests)))
    if entry.get("gpg-sig") is True:
        assets.append(ListedAsset(name + SIGNATURE, _beside(url, SIGNATURE), Promise()))
    provenance = _url(entry.get("provenance"), url)
    if provenance is not None:
        assets.append(ListedAsset(name + PROVENANCE, provenance, Promise()))
    return entry, assets


def _beside(url: str, suffix: str) -> str:
    """The address with a suffix on its path: a query (a signature, a token) stays behind it."""
    path, mark, query = url.partition("?")
    return f"{path}{suffix}{mark}{query}"


def _version(
    version: str, files: Mapping[str, tuple[dict[str, Any], list[ListedAsset]]]
) -> ListedVersion:
    """The version with all its files; its own time is that of the first of them."""
    times = [epoch(entry.get("upload-time")) for entry, _ in files.values()]
    return ListedVersion(
        version=version,
        manifest={"files": {name: entry for name, (entry, _) in files.items()}},
        assets=tuple(asset for _, assets in files.values() for asset in assets),
        published_at=min((each for each in times if each is not None), default=None),
    )
