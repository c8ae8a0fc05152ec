"""How an upstream's listing is kept: one file that can be read whole or version by version.

    8 bytes   length of the index, big-endian
    index     JSON: {"about": …, "tags": …, "withdrawn": …,
                     "versions": {version: [offset, length]}, "assets": {asset name: version}}
    lines     one JSON object a version, at its offset (counted from the end of the index)

A request for one file reads the index and one line, never the upstream's whole document
(git-pkgs/proxy#296).
"""

from pathlib import Path
from typing import Any

import orjson

from mirror.model import ListedAsset, ListedVersion, Listing, Package, Promise
from mirror.repositories.spelling import Identity, spelling

HEAD = 8


def encode(listing: Listing) -> bytes:
    """The file's content."""
    lines: list[bytes] = []
    places: dict[str, tuple[int, int]] = {}
    assets: dict[str, str] = {}
    offset = 0
    for version in listing.versions.values():
        line = orjson.dumps(
            {
                "version": version.version,
                "published_at": version.published_at,
                "assets": [
                    [each.name, each.url, each.promise.size, dict(each.promise.digests)]
                    for each in version.assets
                ],
                "manifest": version.manifest,
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        lines.append(line)
        places[version.version] = (offset, len(line))
        offset += len(line)
        names = {asset.name for asset in version.assets}
        # What stands beside a file (its name and a suffix more) is found by that file: with PyPI
        # that leaves out two names of three.
        for asset in version.assets:
            if asset.name.rpartition(".")[0] not in names:
                assets[asset.name] = version.version
    index = orjson.dumps(
        {
            "about": listing.about,
            "tags": listing.tags,
            "withdrawn": listing.withdrawn,
            "versions": places,
            "assets": assets,
        }
    )
    return b"".join([len(index).to_bytes(HEAD, "big"), index, *lines])


def decode(package: Package, content: bytes) -> Listing:
    """The whole listing again."""
    start = HEAD + int.from_bytes(content[:HEAD], "big")
    index = orjson.loads(content[HEAD:start])
    return Listing(
        package=package,
        versions={
            version: _version(orjson.loads(content[start + offset : start + offset + length]))
            for version, (offset, length) in index["versions"].items()
        },
        tags=index["tags"],
        about=index["about"],
        withdrawn=index.get("withdrawn", False),  # files of earlier releases do not say
    )


def find(
    path: Path, *, version: str | None, asset: str | None, identity: Identity = str
) -> ListedVersion | None:
    """One version, by one of its assets' names or its own; None where the listing lacks it.

    `identity` is that of the format, where another spelling of the version counts as well.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(HEAD), "big")
        index = orjson.loads(file.read(size))
        known = index["assets"].get(asset)
        if known is None and version is not None:
            known = spelling(version, index["versions"], identity)
        if known is None:
            return None
        offset, length = index["versions"][known]
        file.seek(HEAD + size + offset)
        return _version(orjson.loads(file.read(length)))


def knows(path: Path, version: str, identity: Identity = str) -> bool:
    """Whether the listing has this version, or a tag of that name."""
    with path.open("rb") as file:
        index = orjson.loads(file.read(int.from_bytes(file.read(HEAD), "big")))
    return version in index["tags"] or spelling(version, index["versions"], identity) is not None


def versions(path: Path) -> list[str]:
    """Every version that the listing has, without reading what it says of them."""
    with path.open("rb") as file:
        index = orjson.loads(file.read(int.from_bytes(file.read(HEAD), "big")))
    return list(index["versions"])


def _version(line: dict[str, Any]) -> ListedVersion:
    return ListedVersion(
        version=line["version"],
        manifest=line["manifest"],
        assets=tuple(
            ListedAsset(name, url, Promise(size, digests))
            for name, url, size, digests in line["assets"]
        ),
        published_at=line["published_at"],
    )
