"""What a written document changes, told by its content (npm.md §4), and the answer to it."""

from collections.abc import Mapping
from typing import Any

from mirror.errors import Invalid, Refused
from mirror.formats.changes import (
    Annotate,
    Change,
    Nothing,
    Outcome,
    Part,
    Publication,
    Remove,
    SetTags,
    SignIn,
)
from mirror.formats.intents import Reply, Submit
from mirror.formats.json_text import parse_json
from mirror.formats.npm import accounts, names
from mirror.formats.npm.publish import publication
from mirror.formats.npm.replies import json_reply
from mirror.formats.npm.revisions import revision_number, revision_text
from mirror.model import Package


def change(intent: Submit, body: bytes, parts: Mapping[str, Part]) -> Change:
    """The change that a request asks for; raises `Invalid` with one message per rule."""
    if intent.kind == "login":
        return accounts.sign_in(intent.argument, body)
    package = intent.package
    if package is None:
        raise Invalid("the request names no package")
    if intent.kind == "tag":
        return _tag(package, intent.argument, body)
    document = _document(body)
    if intent.kind == "revision":
        return _revision(package, intent.argument, document)
    return _packument(package, document, parts)


def acknowledge(change: Change, outcome: Outcome) -> Reply:
    """Success, always as a JSON object: yarn 1 judges by `ok` and `success`."""
    if isinstance(change, SignIn):
        return accounts.signed_in(change, outcome)
    body: dict[str, Any] = {"ok": True, "success": True}
    if isinstance(change, Publication | SetTags | Annotate | Remove):
        body["id"] = names.address(change.package)
        body["rev"] = revision_text(outcome.revision)
    return json_reply(201 if outcome.created else 200, body)


def _packument(package: Package, document: Mapping[str, Any], parts: Mapping[str, Part]) -> Change:
    attachments = document.get("_attachments") or {}
    if not isinstance(attachments, dict):
        raise Invalid("_attachments is not a JSON object")
    if attachments:
        return publication(package, document, parts)
    _check_name(package, document)
    if document.get("versions"):
        return _deprecations(package, document)
    if "users" in document:
        return Nothing()  # npm star: understood, and nobody is counted here
    raise Invalid("the document neither publishes nor deprecates anything")


def _deprecations(package: Package, document: Mapping[str, Any]) -> Annotate:
    """The npm command sends everything that it read; only the field `deprecated` is taken.

    An empty text lifts the deprecation, and so does its absence.
    """
    notes: dict[str, dict[str, str | None]] = {}
    for version, manifest in _versions(document).items():
        text = manifest.get("deprecated") if isinstance(manifest, dict) else None
        if text is not None and not isinstance(text, str | bool):
            raise Invalid(f"the deprecation of version '{version}' is not a text")
        if text is True:  # some old registries wrote it so
            text = "this version is deprecated"
        notes[version] = {"deprecated": text or None}
    revision = document.get("_rev")
    seen = revision_number(revision) if isinstance(revision, str) else None
    return Annotate(package, notes, seen)


def _revision(package: Package, revision: str, document: Mapping[str, Any]) -> Change:
    """`PUT …/-rev/…`: npm unpublish sends the versions that stay, npm owner the maintainers."""
    _check_name(package, document)
    if "versions" in document:
        stay = _versions(document)
        if not stay:
            raise Invalid("no version would stay; unpublish the package as a whole instead")
        return Remove(package, keep=tuple(stay), revision=revision)
    if "maintainers" in document:
        # To say "ok" and keep nothing would be a lie about who may publish.
        raise Refused(
            "this registry keeps no owners: who may publish is decided by the policies of the "
            "repository and the domain"
        )
    if "users" in document:
        return Nothing()
    raise Invalid("the document has no versions, so it does not say what to keep")


def _tag(package: Package, tag: str, body: bytes) -> SetTags:
    try:
        version = parse_json(body)
    except ValueError as error:
        raise Invalid(f"the version for the tag cannot be read: {error}") from None
    if not isinstance(version, str) or not names.is_version(version):
        raise Invalid('a tag is set by a version in a JSON string, such as "1.0.0"')
    return SetTags(package, {tag: version})


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = parse_json(body)
    except ValueError as error:
        raise Invalid(f"the document cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise Invalid("the document is not a JSON object")
    return document


def _versions(document: Mapping[str, Any]) -> dict[str, Any]:
    versions = document["versions"]
    if not isinstance(versions, dict):
        raise Invalid("versions is not a JSON object")
    return versions


def _check_name(package: Package, document: Mapping[str, Any]) -> None:
    name = names.address(package)
    if any(document.get(field, name) != name for field in ("name", "_id")):
        raise Invalid(f"the document describes another package than its address, '{name}'")
