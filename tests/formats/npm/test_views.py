import copy
import json

import pytest

from mirror.errors import NotFound
from mirror.formats.intents import ReadPackage
from mirror.formats.npm.accept import ABBREVIATED, FULL
from mirror.model import ListedVersion, Listing
from tests.formats.npm.samples import BASE, NPM, UPSTREAM, listing_of, recorded

_ALLOWED = (
    "name version dependencies optionalDependencies devDependencies peerDependencies "
    "peerDependenciesMeta acceptDependencies bundleDependencies bundledDependencies bin "
    "directories dist engines cpu os libc funding deprecated hasInstallScript "
    "_hasShrinkwrap"
)
ALLOWED = set(_ALLOWED.split())


def render(listing: Listing, view: str = "full", version: str | None = None) -> dict:
    return json.loads(NPM.render(ReadPackage(listing.package, view, version), listing, BASE).body)


def made(*versions: str, tags: dict[str, str] | None = None, about: dict | None = None, **manifest):
    package = NPM.package("s", "n")
    listed = {
        v: ListedVersion(v, {"name": "@s/n", "version": v} | manifest, (), 1e9 + i)
        for i, v in enumerate(versions)
    }
    return Listing(package, listed, tags or {}, about or {}, revision=7)


@pytest.mark.parametrize("file", UPSTREAM)
def test_the_full_document_differs_from_upstreams_only_in_our_addresses(file: str) -> None:
    """lessons #31, #22"""
    listing = listing_of(file)
    found = render(listing)
    original = json.loads(recorded(f"upstream/{file}"))
    name = original["name"]
    for version, manifest in original["versions"].items():
        basename = name.rpartition("/")[2]
        manifest["dist"]["tarball"] = f"{BASE}{name}/-/{basename}-{version}.tgz"
    assert found.pop("_rev") == "0-0"
    times = found.pop("time")
    assert {v: t for v, t in times.items() if v in found["versions"]} == original.pop("time")
    assert found == original


@pytest.mark.parametrize("file", UPSTREAM)
def test_the_short_document_is_the_full_one_cut_down(file: str) -> None:
    """lessons #9"""
    listing = listing_of(file)
    full, short = render(listing), render(listing, "abbreviated")
    assert set(short) == {"name", "dist-tags", "versions", "time", "modified"}
    assert short["time"] == full["time"]
    assert short["modified"] == full["time"]["modified"]
    for version, manifest in short["versions"].items():
        assert set(manifest) <= ALLOWED
        whole = full["versions"][version]
        assert {k: v for k, v in manifest.items() if k != "hasInstallScript"} == {
            k: v for k, v in whole.items() if k in ALLOWED
        }
        scripts = whole.get("scripts", {})
        runs = any(scripts.get(s) for s in ("preinstall", "install", "postinstall"))
        assert manifest.get("hasInstallScript", False) == (runs or whole.get("gypfile") is True)


def test_install_scripts_occur_in_the_recordings() -> None:
    short = render(listing_of("fsevents.json"), "abbreviated")["versions"]
    assert sum(manifest.get("hasInstallScript", False) for manifest in short.values()) > 5


def test_content_types() -> None:
    listing = made("1.0.0")
    types = {
        view: NPM.render(ReadPackage(listing.package, view), listing, BASE).content_type
        for view in ("full", "abbreviated", "tags", "manifest")
    }
    assert types == {"full": FULL, "abbreviated": ABBREVIATED, "tags": FULL, "manifest": FULL}


def test_rendering_changes_nothing_and_repeats_itself() -> None:
    listing = made("1.0.0", about={"time": {}, "x": [1]}, dist={"attestations": {"url": "u"}})
    before = copy.deepcopy(listing)
    for view in ("full", "abbreviated", "manifest", "tags"):
        assert render(listing, view) == render(listing, view)
    assert listing == before


def test_signatures_pass_and_attestations_lead_here() -> None:
    """lessons #22, #31"""
    dist = {
        "tarball": "http://elsewhere/x.tgz", "integrity": "sha512-x", "shasum": "y",
        "signatures": [{"keyid": "k", "sig": "s"}],
        "attestations": {"url": "https://registry.npmjs.org/-/x", "provenance": {"predicateType": "p"}},
    }  # fmt: skip
    found = render(made("1.0.0", dist=dist))["versions"]["1.0.0"]["dist"]
    assert found == dist | {
        "tarball": f"{BASE}@s/n/-/n-1.0.0.tgz",
        "attestations": {
            "url": f"{BASE}-/npm/v1/attestations/@s/n@1.0.0",
            "provenance": {"predicateType": "p"},
        },
    }


@pytest.mark.parametrize(
    ("versions", "tags", "latest"),
    [
        (("1.0.0", "2.0.0"), {"latest": "1.0.0"}, "1.0.0"),
        (("1.0.0", "10.0.0", "9.0.0"), {"latest": "11.0.0"}, "10.0.0"),
        (("1.0.0", "2.0.0-rc.1"), {}, "1.0.0"),
        (("1.0.0-rc.2", "1.0.0-rc.10"), {}, "1.0.0-rc.10"),
        (("not.a.version",), {}, "not.a.version"),
    ],
)
def test_latest_never_dangles(versions: tuple[str, ...], tags: dict[str, str], latest: str) -> None:
    tags = tags | {"gone": "0.0.1", "next": versions[0]}
    expected = {"latest": latest, "next": versions[0]}
    listing = made(*versions, tags=tags)
    assert render(listing)["dist-tags"] == expected
    assert render(listing, "tags") == expected
    assert render(listing, "manifest", "latest")["version"] == latest


def test_time_is_made_where_upstream_gave_none() -> None:
    """lessons #12"""
    assert render(made("1.0.0", "1.0.1"))["time"] == {
        "created": "2001-09-09T01:46:40.000Z",
        "modified": "2001-09-09T01:46:41.000Z",
        "1.0.0": "2001-09-09T01:46:40.000Z",
        "1.0.1": "2001-09-09T01:46:41.000Z",
    }


def test_time_is_kept_as_written_for_listed_versions_only() -> None:
    time = {
        "created": "2000-01-01", "modified": "2030-01-01T00:00:00Z", "1.0.0": "2001-09-09T01:46:40Z",
        "0.9.0": "2000-01-01", "unpublished": {}, "1.0.1": "2020-01-01T00:00:00Z",
    }  # fmt: skip
    found = render(made("1.0.0", "1.0.1", about={"time": time}))["time"]
    assert found == {
        "created": "2000-01-01",
        "modified": "2030-01-01T00:00:00Z",
        "1.0.0": "2001-09-09T01:46:40Z",
        "1.0.1": "2001-09-09T01:46:41.000Z",  # ours stands in front of upstream's
    }


def test_modified_is_never_before_the_newest_version() -> None:
    found = render(made("1.0.0", about={"time": {"modified": "1999-01-01T00:00:00Z"}}))["time"]
    assert found["modified"] == "2001-09-09T01:46:40.000Z"


def test_the_revision_is_always_there() -> None:
    assert render(made("1.0.0", about={"_rev": "x", "name": "y", "readme": "# r"})).items() >= {
        "_rev": "7-0", "_id": "@s/n", "name": "@s/n", "readme": "# r",
    }.items()  # fmt: skip


def test_a_tag_or_version_that_is_not_there() -> None:
    listing = made("1.0.0", tags={"gone": "2.0.0"})
    for wanted in ("2.0.0", "gone", "nope"):
        with pytest.raises(NotFound) as caught:
            render(listing, "manifest", wanted)
        assert (caught.value.kind, caught.value.name) == ("package-version", f"@s/n@{wanted}")


@pytest.mark.parametrize("view", ["full", "abbreviated", "tags", "manifest", "attestations"])
def test_a_package_without_versions_is_not_there(view: str) -> None:
    with pytest.raises(NotFound) as caught:
        render(made(), view, "1.0.0")
    assert (caught.value.kind, caught.value.name) == ("package", "@s/n")


def test_kept_attestations_are_in_their_own_document_only() -> None:
    kept = [{"predicateType": "p", "bundle": {"a": 1}}]
    listing = made("1.0.0", _attestations=kept)
    assert render(listing, "attestations", "1.0.0") == {"attestations": kept}
    for view in ("full", "abbreviated", "manifest"):
        assert "bundle" not in json.dumps(render(listing, view))
    with pytest.raises(NotFound, match="no attestations"):
        render(made("1.0.0"), "attestations", "1.0.0")
