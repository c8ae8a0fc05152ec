"""What an upstream's own JSON API says of a version, beyond what its simple page does: description,
links, known vulnerabilities.

It is passed on only where it is about the very files that are shown: another project's description
must never stand beside a private version of the same name and number.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from mirror.formats.format import Fetch
from mirror.formats.intents import ReadPackage
from mirror.formats.json_text import parse_json

_INDEX = "simple/"


def question(intent: ReadPackage, base: str) -> Fetch | None:
    """Where the API is, beside the index at `base`; None where there is no such place.

    Warehouse has it in `/pypi/` beside `/simple/`, and so have the indexes that copy its API.
    """
    root = f"{base.rstrip('/')}/"
    if intent.view != "api" or not root.endswith(f"/{_INDEX}"):
        return None
    version = "" if intent.version is None else f"/{quote(intent.version, safe='')}"
    url = f"{root.removesuffix(_INDEX)}pypi/{intent.package.name}{version}/json"
    return Fetch(url, {"Accept": "application/json"})


def told(body: bytes, files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`info`, `ownership` and `vulnerabilities`, as far as the answer has them.

    Nothing where it cannot be read, or is about other files than `files` (as our API has them).
    """
    try:
        document = parse_json(body) if body else None
    except ValueError:
        return {}
    if not isinstance(document, dict) or not _same(document.get("urls"), files):
        return {}
    kinds = {"info": dict, "ownership": dict, "vulnerabilities": list}
    return {
        name: document[name] for name, kind in kinds.items() if type(document.get(name)) is kind
    }


def _same(theirs: object, files: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there are files in common, and those have the same bytes."""
    known = {
        each["filename"]: each["digests"].get("sha256")
        for each in (theirs if isinstance(theirs, list) else [])
        if isinstance(each, dict)
        and isinstance(each.get("filename"), str)
        and isinstance(each.get("digests"), dict)
    }
    ours = {each["filename"]: each["digests"].get("sha256") for each in files}
    common = ours.keys() & known.keys()
    return bool(common) and all(
        ours[name] is not None and ours[name] == known[name] for name in common
    )
