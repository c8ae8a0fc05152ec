"""From the form of a legacy upload to a checked publication (pypi.md §4)."""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from mirror.errors import Invalid
from mirror.formats.changes import Part, Publication, PublishedAsset
from mirror.formats.digests import hex_digest
from mirror.formats.multipart import Form, read_form
from mirror.formats.pypi import metadata, names, versions
from mirror.formats.pypi.attestations import checked
from mirror.formats.pypi.contents import check_folder, sdist_metadata, wheel_metadata
from mirror.formats.pypi.files import ATTESTATIONS, METADATA, SIGNATURE, is_wheel
from mirror.model import Package, Status

FILES = ("content", "gpg_signature")
"""The form's fields that are files."""

_FILETYPES = {True: "bdist_wheel", False: "sdist"}
_STRIDE = 1024**2  # bytes
_SIGNATURE_LIMIT = 64 * 1024  # bytes
_MISMATCH = (
    "The digest supplied does not match a digest calculated from the uploaded file. "
    "(field '{field}' of {file})"
)


class _File(NamedTuple):
    """The uploaded file, its coordinates, and what it says about itself."""

    package: Package
    version: str
    name: str
    part: Part
    content: bytes
    metadata: dict[str, Any]


def publication(body: bytes, parts: Mapping[str, Part]) -> Publication:
    """A file of a version, checked against itself.

    Raises `Invalid` with one sentence per rule, `Exceeded` for an archive over a limit. Fields
    that nobody here knows are ignored, whatever version of the metadata they belong to.
    """
    form = read_form(body)
    _check_action(form)
    file = _file(form, parts)
    entry: dict[str, Any] = {
        "hashes": {"sha256": file.part.digests.sha256},
        "size": file.part.digests.size,
    }
    requires = file.metadata.get("requires_python")
    if isinstance(requires, str):
        entry["requires-python"] = requires
    assets = [PublishedAsset(file.name, "content")]
    made: dict[str, bytes] = {}
    if is_wheel(file.name):
        entry["core-metadata"] = {"sha256": hashlib.sha256(file.content).hexdigest()}
        made[file.name + METADATA] = file.content
    if "gpg_signature" in parts:
        if parts["gpg_signature"].digests.size > _SIGNATURE_LIMIT:
            raise Invalid(f"a signature has at most {_SIGNATURE_LIMIT} bytes")
        assets.append(PublishedAsset(file.name + SIGNATURE, "gpg_signature"))
    attestations = _one(form, "attestations")
    if attestations:
        made[file.name + ATTESTATIONS] = checked(attestations, file.name, file.part.digests.sha256)
    kept = metadata.kept(file.metadata)
    return Publication(
        package=file.package,
        version=file.version,
        manifest={"files": {file.name: entry}, "metadata": kept},
        assets=tuple(assets),
        dependencies=metadata.dependencies(kept),
        summary=metadata.summary(kept, file.metadata.get("description")),
        companions=2,  # its metadata, and a signature or attestations
        extends=frozenset({Status.PUBLISHED}),
        made=made,
    )


def _check_action(form: Form) -> None:
    action = _one(form, ":action")
    if action != "file_upload":
        raise Invalid(
            "the form's ':action' must be file_upload; registering and uploading documentation "
            "are no longer part of the protocol"
        )
    if _one(form, "protocol_version") not in ("", "1"):
        raise Invalid("the form's 'protocol_version' must be 1")


def _file(form: Form, parts: Mapping[str, Part]) -> _File:
    part, name = parts.get("content"), form.files.get("content", "")
    if part is None:
        raise Invalid("the form has no file in its field 'content'")
    if part.digests.size == 0:
        raise Invalid("the uploaded file is empty")
    package = names.package("", _one(form, "name"))
    version = versions.clean(_one(form, "version"))
    _check_name(package, version, name)
    filetype = _one(form, "filetype")
    if filetype != _FILETYPES[is_wheel(name)]:
        raise Invalid(f"the form's 'filetype' of '{name}' must be {_FILETYPES[is_wheel(name)]}")
    _check_digests(form, part, name)
    with part.open() as file:
        if is_wheel(name):
            folder, content = wheel_metadata(file)
            check_folder(folder, package, version)
        else:
            folder, content = sdist_metadata(file, name)
    found = metadata.parse(content)
    if names.normal(found["name"]) != package.name:
        raise Invalid(f"the metadata in '{name}' is not that of '{package.name}': its Name differs")
    if versions.identity(found["version"]) != versions.identity(version):
        raise Invalid(f"the metadata in '{name}' is not of version {version}: its Version differs")
    return _File(package, version, name, part, content, found)


def _check_name(package: Package, version: str, name: str) -> None:
    """PEP 427 for wheels, PEP 625 for sdists; `.zip` sdists under the same rule."""
    shown = ascii(name[: names.FILE_LENGTH])
    if not names.is_file(name) or not name.isascii():
        raise Invalid(f"{shown} is not a file name")
    if is_wheel(name):
        try:
            found, found_version, _, _ = parse_wheel_filename(name)
        except (InvalidWheelFilename, ValueError) as error:
            raise Invalid(f"{shown} is not the name of a wheel (PEP 427): {error}") from None
        if found != package.name or versions.identity(str(found_version)) != versions.identity(
            version
        ):
            raise Invalid(f"{shown} is not the name of a wheel of {package.name} {version}")
        return
    prefix = f"{package.name.replace('-', '_')}-"
    spelt = name.removeprefix(prefix).removesuffix(".zip").removesuffix(".tar.gz")
    if (
        name not in (f"{prefix}{spelt}.tar.gz", f"{prefix}{spelt}.zip")
        or versions.key(spelt) != spelt
        or versions.identity(spelt) != versions.identity(version)
    ):
        raise Invalid(
            f"{shown} is neither a wheel nor the sdist of {package.name} {version}, which is named "
            f"'{prefix}{version}.tar.gz' (PEP 625)"
        )


def _check_digests(form: Form, part: Part, name: str) -> None:
    """Every digest that the client sends must be right, and it must send one."""
    sent = 0
    for field, algorithm in (("md5_digest", "md5"), ("sha256_digest", "sha256")):
        text = _one(form, field)
        if text:
            sent += 1
            if hex_digest(algorithm, text) != getattr(part.digests, algorithm):
                raise Invalid(_MISMATCH.format(field=field, file=name))
    text = _one(form, "blake2_256_digest")
    if text:
        sent += 1
        if text.lower() != _blake2(part):
            raise Invalid(_MISMATCH.format(field="blake2_256_digest", file=name))
    if not sent:
        raise Invalid("the form has no digest of the file: send sha256_digest")


def _blake2(part: Part) -> str:
    digest = hashlib.blake2b(digest_size=32)
    with part.open() as file:
        while piece := file.read(_STRIDE):
            digest.update(piece)
    return digest.hexdigest()


def _one(form: Form, field: str) -> str:
    """A field's one value, empty where there is none; old tools write `UNKNOWN` for none."""
    found = form.fields.get(field, [])
    if len(set(found)) > 1:
        raise Invalid(f"the form has more than one value for '{field}'")
    return "" if not found or found[0] == "UNKNOWN" else found[0]
