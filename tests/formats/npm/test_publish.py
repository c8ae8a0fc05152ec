import base64
import json
import tarfile

import orjson
import pytest

from mirror.errors import Conflict, Exceeded, Invalid, MirrorError
from mirror.formats.changes import Publication, PublishedAsset
from mirror.formats.intents import ReadPackage
from mirror.model import Dependency, ListedVersion, Listing, Summary
from tests.formats.npm.samples import (
    BASE,
    NPM,
    body_of,
    manifest,
    packed,
    publish,
    recorded,
    submit,
    tarball,
)

DATA = packed()


def test_what_npm_sends_becomes_a_publication() -> None:
    found = submit(recorded("published/publish-scoped.json"), "@me/pubby")
    dist = found.manifest["dist"]
    assert found == Publication(
        package=NPM.package("me", "pubby"),
        version="1.2.3",
        manifest={
            "name": "@me/pubby", "version": "1.2.3", "description": "A tiny package",
            "license": "MIT", "main": "index.js", "scripts": {"install": "node index.js"},
            "dependencies": {"left-pad": "^1.3.0"}, "optionalDependencies": {"fsevents": "^2.3.0"},
            "repository": {"type": "git", "url": "git+https://example.org/me/pubby.git"},
            "readmeFilename": "README.md", "_id": "@me/pubby@1.2.3", "_nodeVersion": "20.20.2",
            "_npmVersion": "11.19.1", "_hasShrinkwrap": False, "hasInstallScript": True,
            "dist": dist,
        },
        assets=(PublishedAsset("pubby-1.2.3.tgz", "@me/pubby-1.2.3.tgz"),),
        tags=("latest",),
        about={
            "description": "A tiny package", "license": "MIT", "readmeFilename": "README.md",
            "repository": {"type": "git", "url": "git+https://example.org/me/pubby.git"},
            "readme": "# pubby\n\nA tiny package.\n",
        },
        dependencies=(
            Dependency("", "left-pad", "regular", "^1.3.0"),
            Dependency("", "fsevents", "optional", "^2.3.0"),
        ),
        summary=Summary(
            summary="A tiny package",
            source_repository="git+https://example.org/me/pubby.git",
            licenses=("MIT",),
            readme="# pubby\n\nA tiny package.\n",
        ),
    )  # fmt: skip
    sent = json.loads(recorded("published/publish-scoped.json"))["versions"]["1.2.3"]["dist"]
    assert dist.pop("fileCount") == 3
    assert dist.pop("unpackedSize") > 300
    assert dist == {"integrity": sent["integrity"], "shasum": sent["shasum"]}


def test_a_prerelease_without_readme() -> None:
    found = submit(recorded("published/publish-prerelease.json"))
    assert (found.version, found.tags, found.summary.readme) == ("2.0.0-beta.1", ("next",), None)
    assert "readme" not in found.manifest
    assert "hasInstallScript" not in found.manifest


def test_a_publication_reads_back_with_our_address() -> None:
    """lessons #22"""
    found = submit(recorded("published/publish-scoped.json"), "@me/pubby")
    listed = {found.version: ListedVersion(found.version, found.manifest, (), 0.0)}
    listing = Listing(found.package, listed)
    document = json.loads(NPM.render(ReadPackage(found.package, "full"), listing, BASE).body)
    tarball_url = document["versions"]["1.2.3"]["dist"]["tarball"]
    assert tarball_url == f"{BASE}@me/pubby/-/pubby-1.2.3.tgz"


def test_other_clients_leave_traces_that_are_taken_out() -> None:
    body = body_of(DATA)
    body["versions"]["1.0.0"] |= {
        "_resolved": "/home/me/x.tgz", "_integrity": "i", "_from": "file:", "_where": "/home/me",
        "_attestations": [{"forged": True}], "readme": "ERROR: No README data found!",
    }  # fmt: skip
    body["versions"]["1.0.0"]["dist"] |= {"tarball": "http://169.254.169.254/", "signatures": ["x"]}
    found = publish(body)
    assert "/home/me" not in repr(found)
    assert "forged" not in repr(found)
    assert set(found.manifest["dist"]) == {"integrity", "shasum", "fileCount", "unpackedSize"}


@pytest.mark.parametrize("place", ["root", "version", "tarball"])
def test_the_readme_is_found_wherever_it_is(place: str) -> None:
    files = {"README.md": b"# r", "README.de.md": b"# d"} if place == "tarball" else {}
    body = body_of(packed(**files))
    if place == "root":
        body["readme"] = "# r"
    if place == "version":
        body["versions"]["1.0.0"]["readme"] = "# r"
    found = publish(body)
    assert found.summary.readme == found.about["readme"] == "# r"


def test_a_huge_or_broken_readme_is_cut() -> None:
    found = publish(body_of(packed(README=b"\xff" + b"x" * 10**6)))
    assert len(found.summary.readme) == 128 * 1024
    assert found.summary.readme[:2] == "\ufffdx"


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        ({"binding.gyp": b"{}"}, {}, True),
        ({"binding.gyp": b"{}"}, {"gypfile": False}, False),
        ({"sub/binding.gyp": b"{}"}, {}, False),
        ({}, {"scripts": {"postinstall": "x"}}, True),
        ({}, {"scripts": {"test": "x", "install": ""}}, False),
    ],
)
def test_install_scripts_are_told(files: dict, more: dict, expected: bool) -> None:
    body = body_of(packed(**files))
    body["versions"]["1.0.0"] |= more
    assert publish(body).manifest.get("hasInstallScript", False) is expected


def test_a_shrinkwrap_is_told() -> None:
    assert publish(body_of(packed(**{"npm-shrinkwrap.json": b"{}"}))).manifest["_hasShrinkwrap"]


def test_build_metadata_is_dropped_so_that_two_builds_are_one_version() -> None:
    body = body_of(packed(version="v1.0.0+b1"), version="1.0.0+b1")
    found = publish(body)
    assert (found.version, found.manifest["version"]) == ("1.0.0", "1.0.0")
    assert found.manifest["_id"] == "pubby@1.0.0"
    assert found.assets[0].name == "pubby-1.0.0.tgz"


def change_field(path: str, value: object) -> dict:
    """The body with one field, named by keys with `|` between, set; `...` deletes it."""
    body = body_of(DATA)
    *way, last = path.split("|")
    place = body
    for key in way:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return body


FILE = "_attachments|pubby-1.0.0.tgz"


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("name", "other", "another package"),
        ("_id", "other", "another package"),
        ("versions", {}, "exactly one version, this one 0"),
        ("versions", [], "exactly one version"),
        ("versions|2.0.0", {}, "exactly one version, this one 2"),
        ("versions|1.0.0", None, "not that of"),
        ("versions|1.0.0|name", "other", "not that of"),
        ("versions|1.0.0|version", "1.0.1", "says that it is"),
        ("versions|1.0.0|version", "1.0", "Semantic Versioning"),
        ("versions|1.0.0|version", ..., "a version is a text"),
        ("versions|1.0.0|_id", "pubby@9.9.9", "_id"),
        ("versions|1.0.0|dist|shasum", "0" * 40, "dist.shasum"),
        ("versions|1.0.0|dist|shasum", [1], "dist.shasum"),
        ("versions|1.0.0|dist|integrity", "sha512-" + "A" * 86 + "==", "dist.integrity"),
        ("versions|1.0.0|dist|integrity", "rot13-x", "Integrity"),
        (f"{FILE}|length", 1, "says 1 bytes"),
        (f"{FILE}|data", ..., "has no data"),
        (f"{FILE}|data", "", "has no data"),
        (f"{FILE}|data", 7, "has no data"),
        (FILE, "text", "not a JSON object"),
        (FILE, ..., "neither publishes nor deprecates|exactly one .tgz"),
        ("_attachments|x.txt", {"data": "a"}, None),
        ("_attachments", [1], "not a JSON object"),
        ("dist-tags", {"1.x": "1.0.0"}, "version range"),
        ("dist-tags", {"latest": "2.0.0"}, "another version"),
        ("dist-tags", {"latest": None}, "a version is a text"),
        ("dist-tags", [1], "dist-tags"),
        ("dist-tags", ..., None),
        ("access", "restricted", None),
        ("versions|1.0.0|dist", ..., None),
        (f"{FILE}|length", ..., None),
    ],
)
def test_each_rule_has_its_sentence(path: str, value: object, reason: str | None) -> None:
    body = change_field(path, value)
    if reason is None:
        assert publish(body).version == "1.0.0"
        return
    if path == FILE and value is ...:
        body["_attachments"]["other.txt"] = {}
    with pytest.raises(Invalid, match=reason):
        publish(body)


@pytest.mark.parametrize("name", ["Pubby", "fs", "a~b"])
def test_old_names_cannot_be_published(name: str) -> None:
    with pytest.raises(Invalid, match="cannot be published"):
        publish(body_of(packed(name), name), name)


LINK = tarfile.TarInfo()
LINK.type, LINK.linkname = tarfile.SYMTYPE, "/etc/passwd"
GOOD = orjson.dumps(manifest())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no data"),
        (b"not gzip at all", "not gzip"),
        (b"\x1f\x8b" + b"x" * 50, "tar.gz"),
        (DATA[:60], "tar.gz"),
        (tarball({}), "no package.json"),
        (tarball({"package/x": b""}), "no package.json"),
        (tarball({"package.json": GOOD}), "no package.json"),
        (tarball({"a/b/package.json": GOOD}), "no package.json"),
        (tarball({"package/package.json": LINK}), "no package.json"),
        (tarball({"package/package.json": b"{"}), "cannot be read"),
        (tarball({"package/package.json": b"[]"}), "not a JSON object"),
        (tarball({"package/package.json": b"[" * 9999}), "cannot be read"),
        (tarball({"package/package.json": orjson.dumps(manifest("evil"))}), "name differs"),
        (tarball({"package/package.json": orjson.dumps(manifest(version="6.6.6"))}), "6.6.6"),
        (tarball({"a/package.json": GOOD, "b/package.json": GOOD}), "more than one"),
        (tarball({"package/package.json": GOOD, "../../etc/passwd": b""}), "outside"),
        (tarball({"package/package.json": GOOD, "package\\..\\..\\x": b""}), "outside"),
        (tarball({"package/package.json": GOOD, "/etc/passwd": b""}), "absolute"),
        (tarball({"package/package.json": GOOD, "C:\\x": b""}), "absolute"),
    ],
)
def test_the_tarball_must_be_what_the_document_says(data: bytes, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        publish(body_of(data))


@pytest.mark.parametrize("first", ["package", "left-pad-1.0", "./package", "."])
def test_the_first_folder_may_have_any_name(first: str) -> None:
    path = "./x/package.json" if first == "." else f"{first}/package.json"
    assert publish(body_of(tarball({path: b"\xef\xbb\xbf" + GOOD}))).version == "1.0.0"


def test_a_package_json_of_megabytes_is_over_a_limit() -> None:
    with pytest.raises(Exceeded, match=r"package\.json"):
        publish(body_of(tarball({"package/package.json": b" " * 5_000_000 + GOOD})))


def test_provenance_is_kept() -> None:
    statement = orjson.dumps({"predicateType": "https://slsa.dev/provenance/v1"})
    bundle = {"dsseEnvelope": {"payload": base64.b64encode(statement).decode()}}
    body = body_of(DATA)
    body["_attachments"]["pubby-1.0.0.sigstore"] = {"data": json.dumps(bundle), "length": 9}
    found = publish(body)
    provenance = {"predicateType": "https://slsa.dev/provenance/v1"}
    assert found.manifest["_attestations"] == [provenance | {"bundle": bundle}]
    assert found.manifest["dist"]["attestations"] == {"provenance": provenance}


@pytest.mark.parametrize(
    "data", ["", "{", "[]", "{}", '{"dsseEnvelope":{"payload":7}}', '{"dsseEnvelope":{"payload":"%"}}',
             '{"dsseEnvelope":{"payload":"e30="}}', None]
)  # fmt: skip
def test_provenance_that_is_none_is_refused(data: str | None) -> None:
    body = body_of(DATA)
    body["_attachments"]["pubby-1.0.0.sigstore"] = {"data": data}
    with pytest.raises(Invalid, match="sigstore"):
        publish(body)


def test_nothing_here_claims_a_conflict() -> None:
    """409 is for stored versions only, which this module cannot know (npm.md §4)."""
    with pytest.raises(MirrorError) as caught:
        publish(change_field("name", "other"))
    assert not isinstance(caught.value, Conflict)
