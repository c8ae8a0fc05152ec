"""From a publish body to a checked publication (npm.md §4, steps 3 to 7)."""

from collections.abc import Mapping
from typing import Any

from mirror.errors import Invalid
from mirror.formats.changes import Part, Publication, PublishedAsset
from mirror.formats.digests import from_integrity, hex_digest, to_integrity
from mirror.formats.npm import names
from mirror.formats.npm.provenance import attestations
from mirror.formats.npm.summary import dependencies, readme_text, summary
from mirror.formats.npm.tarball import Contents, inspect
from mirror.formats.npm.versions import clean
from mirror.formats.npm.views import ATTESTATIONS, has_install_script
from mirror.model import Digests, Package

# Where the publisher's own disk shows through, and what goes to the package's document instead.
_STRIPPED = ("_resolved", "_from", "_where", "_integrity", "readme", ATTESTATIONS)

# What the package's own document repeats of the version published last.
_ABOUT = (
    "description",
    "homepage",
    "repository",
    "bugs",
    "license",
    "keywords",
    "author",
    "contributors",
    "maintainers",
    "readmeFilename",
)


def publication(
    package: Package, document: Mapping[str, Any], parts: Mapping[str, Part]
) -> Publication:
    """A new version, checked against its own tarball.

    Raises `Invalid` with one sentence per rule, `Exceeded` for an archive over a limit.
    """
    name = names.address(package)
    names.check_new(package)
    if document.get("name") != name or document.get("_id", name) != name:
        raise Invalid(f"the document describes another package than its address, '{name}'")
    key, attachment = _tarball(document)
    manifest = _manifest(name, document)
    version = clean(manifest.get("version"))
    part = parts.get(key)
    if part is None:
        raise Invalid(f"the attachment '{key}' has no data")
    _check_digests(key, attachment, manifest, part.digests)
    with part.open() as file:
        contents = inspect(file)
    _check_contents(name, version, contents)
    readme = _readme(document, manifest, contents)
    kept = {field: value for field, value in manifest.items() if field not in _STRIPPED}
    kept |= _derived(name, version, manifest, contents)
    kept["dist"] = _dist(part.digests, contents)
    provenance = attestations(document["_attachments"])
    if provenance:
        kept[ATTESTATIONS] = provenance
        # The address is the one that clients read; rendering fills it in.
        kept["dist"]["attestations"] = {
            "provenance": {"predicateType": provenance[0]["predicateType"]}
        }
    about = {
        field: value
        for field in _ABOUT
        if (value := document.get(field, kept.get(field))) is not None
    }
    if readme is not None:
        about["readme"] = readme
    return Publication(
        package=package,
        version=version,
        manifest=kept,
        assets=(PublishedAsset(names.file_name(package, version), key),),
        tags=_tags(document, version),
        about=about,
        dependencies=dependencies(kept),
        summary=summary(kept, readme),
    )


def _tarball(document: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    tarballs = [key for key in document["_attachments"] if key.endswith(".tgz")]
    if len(tarballs) != 1:
        raise Invalid(f"a publication has exactly one .tgz attachment, this one {len(tarballs)}")
    attachment = document["_attachments"][tarballs[0]]
    if not isinstance(attachment, dict):
        raise Invalid(f"the attachment '{tarballs[0]}' is not a JSON object")
    return tarballs[0], attachment


def _manifest(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    versions = document.get("versions")
    if not isinstance(versions, dict) or len(versions) != 1:
        found = len(versions) if isinstance(versions, dict) else 0
        raise Invalid(f"a publication has exactly one version, this one {found}")
    [(key, manifest)] = versions.items()
    if not isinstance(manifest, dict) or manifest.get("name") != name:
        raise Invalid(f"the manifest of version '{key}' is not that of '{name}'")
    version = clean(manifest.get("version"))
    if clean(key) != version:
        raise Invalid(f"the manifest under version '{key}' says that it is '{version}'")
    identifier = manifest.get("_id")
    # Clients write the version there as it was before cleaning.
    if identifier is not None and identifier not in (f"{name}@{key}", f"{name}@{version}"):
        raise Invalid(f"the manifest of version '{version}' has an _id that is not its own")
    return manifest


def _check_digests(
    key: str, attachment: Mapping[str, Any], manifest: Mapping[str, Any], actual: Digests
) -> None:
    """Compare what the client says about its tarball with what arrived (steps 4)."""
    length = attachment.get("length")
    if length is not None and length != actual.size:
        raise Invalid(f"the attachment '{key}' says {length} bytes, {actual.size} arrived")
    dist = manifest.get("dist")
    if not isinstance(dist, dict):
        return
    if dist.get("integrity"):
        promised = from_integrity(dist["integrity"])
        if not promised:
            raise Invalid("dist.integrity is no Subresource Integrity hash")
        for algorithm, digest in promised.items():
            if digest != getattr(actual, algorithm):
                raise Invalid(f"the tarball's {algorithm} is not the one in dist.integrity")
    if dist.get("shasum") and hex_digest("sha1", dist["shasum"]) != actual.sha1:
        raise Invalid("the tarball's sha1 is not the one in dist.shasum")


def _check_contents(name: str, version: str, contents: Contents) -> None:
    """The archive decides what is installed, the document what is resolved: they must agree."""
    found = contents.manifest.get("name")
    if found != name:
        raise Invalid(f"package.json in the tarball is not that of '{name}': its name differs")
    packed = clean(contents.manifest.get("version"))
    if packed != version:
        raise Invalid(f"package.json in the tarball says version {packed}, not {version}")


def _derived(
    name: str, version: str, manifest: Mapping[str, Any], contents: Contents
) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "version": version,
        "_id": f"{name}@{version}",
        "_hasShrinkwrap": contents.has_shrinkwrap,
    }
    # npm adds `node-gyp rebuild` for a root binding.gyp, unless the package says no.
    if has_install_script(manifest) or (contents.has_gyp and manifest.get("gypfile") is not False):
        fields["hasInstallScript"] = True
    if contents.readme_name is not None:
        fields["readmeFilename"] = contents.readme_name
    return fields


def _dist(actual: Digests, contents: Contents) -> dict[str, Any]:
    """Computed, never copied: a tarball address of the client's choice is where attacks begin."""
    return {
        "integrity": to_integrity("sha512", actual.sha512),
        "shasum": actual.sha1,
        "fileCount": contents.file_count,
        "unpackedSize": contents.unpacked_size,
    }


def _readme(
    document: Mapping[str, Any], manifest: Mapping[str, Any], contents: Contents
) -> str | None:
    """Clients put it in the root, in the version, or nowhere (yarnpkg/berry#1702)."""
    for candidate in (document.get("readme"), manifest.get("readme"), contents.readme):
        if (text := readme_text(candidate)) is not None:
            return text
    return None


def _tags(document: Mapping[str, Any], version: str) -> tuple[str, ...]:
    tags = document.get("dist-tags") or {}
    if not isinstance(tags, dict):
        raise Invalid("dist-tags is not a JSON object")
    for tag, target in tags.items():
        names.check_tag(tag)
        if clean(target) != version:
            raise Invalid(f"the dist-tag '{tag}' points at another version than {version}")
    return tuple(tags)
