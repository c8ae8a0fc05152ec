"""From an upstream's index file to a listing: one JSON object a line, one line a version."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mirror.errors import Misbehaved
from mirror.formats.cargo import names
from mirror.formats.cargo.summary import ABOUT
from mirror.formats.cargo.upstream import download_template, download_url
from mirror.formats.cargo.versions import is_version
from mirror.formats.digests import hex_digest
from mirror.formats.json_text import parse_json
from mirror.formats.times import epoch
from mirror.model import ListedAsset, ListedVersion, Listing, Package, Promise


def read(package: Package, documents: Sequence[bytes]) -> Listing:
    """What config.json and an index file say; raises `Misbehaved` for what cannot be true.

    A line that is broken, or of another crate, is left out, as cargo does it. Of two lines for one
    version the later counts: crates.io has such, and it is the one that the file agrees with
    (rust-crates-index#73). A file with lines of which none can be used is no index file; one
    without any lists no version.
    """
    config, body = documents
    template = download_template(config)
    lines = [line for line in body.split(b"\n") if line.strip()]
    listed = {
        version.version: version
        for line in lines
        if (version := _version(package, template, line)) is not None
    }
    if lines and not body.endswith(b"\n") and _is_cut(lines[-1]):
        raise Misbehaved(
            f"the upstream's index file of '{package.name}' is cut short: it ends within a line"
        )
    if lines and not listed:
        raise Misbehaved(
            f"what the upstream sent for '{package.name}' is not its index file: no line of it can "
            "be used"
        )
    return Listing(package, versions=listed)


def refreshed(held: ListedVersion, found: ListedVersion) -> ListedVersion:
    """A retained version, yanked or not as its source has it now; all else of it never changes."""
    return replace(held, manifest={**held.manifest, "yanked": is_yanked(found.manifest)})


def is_yanked(line: Mapping[str, Any]) -> bool:
    """What the line itself says, whatever the version's status is here."""
    return line.get("yanked") is True


def _is_cut(line: bytes) -> bool:
    try:
        parse_json(line)
    except ValueError:
        return True
    return False


def _version(package: Package, template: str, text: bytes) -> ListedVersion | None:
    try:
        line = parse_json(text)
    except ValueError:
        return None
    if not isinstance(line, dict):
        return None
    name, version = line.get("name"), line.get("vers")
    sha256 = hex_digest("sha256", line.get("cksum"))
    if not isinstance(name, str) or name.lower() != package.name or not name.isascii():
        return None
    if not isinstance(version, str) or not is_version(version) or sha256 is None:
        return None
    line.pop(ABOUT, None)  # the field is ours
    asset = ListedAsset(
        names.file_name(name, version),
        download_url(template, name, version, sha256),
        Promise(None, {"sha256": sha256}),
    )
    return ListedVersion(version, line, (asset,), epoch(line.get("pubtime")))
