import io
from typing import Any

import orjson
import pytest

from mirror.errors import Exceeded, Invalid
from mirror.formats.changes import Outcome, Publication, PublishedAsset, SetStatus
from mirror.formats.intents import ReadPackage
from mirror.model import Dependency, ListedVersion, Listing, Status, Summary
from tests.formats.cargo.samples import (
    BASE,
    CARGO,
    cargo_toml,
    crate,
    dependency,
    digests_of,
    document,
    frame,
    package,
    publish,
    receive,
    recorded,
    submit,
)

CRATES_IO = "https://github.com/rust-lang/crates.io-index"


def test_what_cargo_sends_becomes_a_publication() -> None:
    """Pitfalls 7, 8 and 9: renamed dependencies, `dep:` features, rust_version, the checksum."""
    _, parts = receive(recorded("published/demo.frame"))
    found = submit(recorded("published/demo.frame"))

    def dep(name: str, req: str, **more: Any) -> dict[str, Any]:
        return {
            "name": name, "req": req, "features": [], "optional": False, "default_features": True,
            "target": None, "kind": "normal", "registry": CRATES_IO,
        } | more  # fmt: skip

    assert found == Publication(
        package=package("demo_crate"),
        version="0.2.0-rc.1+build.7",
        manifest={
            "name": "Demo_crate",
            "vers": "0.2.0-rc.1+build.7",
            "deps": [
                dep("cfg-if", "^1"),
                dep("numbers", "^1.0.5", optional=True, default_features=False, package="itoa"),
                dep("semver", "~1.0", kind="dev"),
                dep("autocfg", "=1.1.0", kind="build"),
                dep("fnv", ">=1.0.3, <2", target="cfg(unix)", features=["std"]),
            ],
            "cksum": digests_of(parts["crate"]).sha256,
            "features": {"default": ["std"], "std": []},
            "yanked": False,
            "links": "demo",
            "rust_version": "1.70",
            "features2": {"all": ["fast", "std"], "fast": ["dep:numbers"]},
            "v": 2,
            "_about": {
                "description": "A crate that exists to be published in tests.",
                "homepage": "https://example.org/demo",
                "documentation": "https://example.org/demo/docs",
                "repository": "https://example.org/demo.git",
                "license": "MIT OR Apache-2.0",
                "keywords": ["demo", "test"],
                "categories": ["development-tools"],
            },
        },
        assets=(PublishedAsset("Demo_crate-0.2.0-rc.1+build.7.crate", "crate"),),
        dependencies=(
            Dependency("", "cfg-if", "normal", "^1"),
            Dependency("", "itoa", "normal", "^1.0.5"),
            Dependency("", "semver", "dev", "~1.0"),
            Dependency("", "autocfg", "build", "=1.1.0"),
            Dependency("", "fnv", "normal", ">=1.0.3, <2"),
        ),
        summary=Summary(
            summary="A crate that exists to be published in tests.",
            home_page="https://example.org/demo",
            source_repository="https://example.org/demo.git",
            licenses=("MIT OR Apache-2.0",),
            readme="# Demo\n\nA readme.\n",
            display_name="Demo_crate",
        ),
        repeats=frozenset({Status.PUBLISHED, Status.UNLISTED}),
    )


def test_the_plainest_crate() -> None:
    found = submit(recorded("published/plain.frame"))
    assert found.summary == Summary(
        summary="Nothing but a name.", licenses=("LICENSE",), display_name="plain"
    )
    assert "v" not in found.manifest
    assert found.dependencies == ()


def test_what_was_published_is_served_with_its_time_as_a_line_that_can_be_read_again() -> None:
    found = submit(recorded("published/demo.frame"))
    manifest = dict(CARGO.extended(None, found, 1_700_000_000.9))
    assert manifest["pubtime"] == "2023-11-14T22:13:20Z"
    assert "pubtime" not in found.manifest
    listing = Listing(found.package, {found.version: ListedVersion(found.version, manifest)})
    body = CARGO.render(ReadPackage(found.package, "index"), listing, BASE).body
    config = b'{"dl":"http://host/dl"}'
    [again] = CARGO.read(found.package, [config, body]).versions.values()
    assert again.published_at == 1_700_000_000
    assert {**again.manifest, "_about": found.manifest["_about"]} == manifest


def test_success_as_cargo_expects_it() -> None:
    reply = CARGO.acknowledge(publish(), Outcome(created=True))
    assert reply.status == 200
    assert orjson.loads(reply.body) == {
        "warnings": {"invalid_categories": [], "invalid_badges": [], "other": []}
    }
    yanked = SetStatus(package("demo"), ("1.0.0",), Status.UNLISTED)
    assert orjson.loads(CARGO.acknowledge(yanked, Outcome()).body) == {"ok": True}


@pytest.mark.parametrize(
    ("body", "rule"),
    [(b"", "empty"), (b"{", "not JSON"), (b"[]", "not an object"), (b"{}", "no name"),
     (b"<html>", "HTML"), (b"[" * 100_000, "JSON"), (b"[" * 500 + b"]" * 500, "deep"),
     (b'{"name":7}', "no name")],
)  # fmt: skip
def test_json_that_cannot_be_right(body: bytes, rule: str) -> None:
    with pytest.raises(Invalid, match=rule):
        submit(frame(body, crate()))


@pytest.mark.parametrize(
    "name",
    ["", "-a", "a b", "a/b", "../a", "a\x00", "\u00e9", "\u0430", "a" * 65, "std", "con", "1a"],
)
def test_bad_names(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        publish(document(name))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "version", ["1", "1.0", "v1.0.0", "1.0.0-01", "", "1.0.0\n", None, 1, "9" * 999]
)
def test_bad_versions(version: Any) -> None:
    with pytest.raises(Invalid, match="Semantic Versioning"):
        publish(document(vers=version))


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (dependency("a/b"), "name"),
        (dependency(""), "name"),
        ({"version_req": "1"}, "name"),
        (dependency(explicit_name_in_toml="a b"), "renamed"),
        (dependency(explicit_name_in_toml=["a"]), "renamed"),
        (dependency(version_req="latest"), "requirement"),
        (dependency(version_req=None), "requirement"),
        (dependency(kind="peer"), "kind"),
        (dependency(kind=["dev"]), "kind"),
        (dependency(features="std"), "features"),
        (dependency(features=["a\nb"]), "features"),
        (dependency(features=[1]), "features"),
        (dependency(optional="yes"), "'optional'"),
        (dependency(default_features=0), "'default_features'"),
        (dependency(target=["unix"]), "target"),
        (dependency(target="x" * 5000), "target"),
        (dependency(registry="crates.io"), "registry"),
        (dependency(registry=7), "registry"),
        (dependency(registry="https://a b"), "registry"),
        (dependency(artifact="bin"), "artifact"),
        (dependency(artifact=[1]), "artifact"),
        (dependency(lib="yes"), "artifact"),
        ("itoa", "deps"),
    ],
)
def test_bad_dependencies(bad: Any, rule: str) -> None:
    with pytest.raises(Invalid, match=rule):
        publish(document(deps=[bad]))


def test_a_renamed_dependency_is_indexed_under_its_new_name() -> None:
    """Pitfall 7."""
    found = publish(document(deps=[dependency("rand", explicit_name_in_toml="r", registry=None)]))
    [dep] = found.manifest["deps"]
    assert (dep["name"], dep["package"], dep["registry"]) == ("r", "rand", None)
    [same] = publish(document(deps=[dependency(explicit_name_in_toml="itoa")])).manifest["deps"]
    assert "package" not in same


def test_artifact_dependencies_are_copied() -> None:
    given = {"artifact": ["bin:x"], "bindep_target": "target", "lib": True}
    [dep] = publish(document(deps=[dependency(**given)])).manifest["deps"]
    assert {key: dep[key] for key in given} == given


def test_what_is_left_out_or_null_has_its_default_and_unknown_keys_are_accepted() -> None:
    """Pitfall 4, at the door."""
    found = publish({"name": "demo", "vers": "1.0.0", "deps": None, "features": None, "new": 1})
    assert (found.manifest["deps"], found.manifest["features"]) == ([], {})
    [dep] = publish(document(deps=[{"name": "a", "version_req": "1", "x": 1}])).manifest["deps"]
    assert dep == {
        "name": "a", "req": "1", "features": [], "optional": False, "default_features": True,
        "target": None, "kind": "normal", "registry": None,
    }  # fmt: skip


def test_too_many_dependencies() -> None:
    with pytest.raises(Exceeded, match="2000 dependencies"):
        publish(document(deps=[{}] * 2001))


def test_links_and_rust_version_are_those_of_the_packed_file() -> None:
    """Pitfall 8."""
    toml = cargo_toml(more='rust-version = "1.71"\nlinks = "z"\n')
    found = publish(document(rust_version="1.60", links="y"), crate(toml=toml))
    assert (found.manifest["rust_version"], found.manifest["links"]) == ("1.71", "z")
    found = publish(document(rust_version="1.60", links="y"))
    assert (found.manifest["rust_version"], found.manifest["links"]) == ("1.60", "y")


@pytest.mark.parametrize("version", ["1.70-nightly", "^1.70", "", "1.2.3.4", "x", 1, "1" * 99])
def test_a_rust_version_that_cargo_cannot_read(version: Any) -> None:
    with pytest.raises(Invalid, match="rust-version"):
        publish(document(rust_version=version))


def test_the_readme_is_the_one_that_is_named() -> None:
    toml = cargo_toml(more='readme = "../docs/README.md"\n')
    more = {"README.md": b"no", "docs/README.md": b"this"}
    assert publish(data=crate(toml=toml, more=more)).summary.readme == "this"
    assert publish(document(readme="told"), crate(toml=toml, more=more)).summary.readme == "told"
    toml = cargo_toml(more="readme = false\n")
    assert publish(data=crate(toml=toml, more=more)).summary.readme is None


def test_odd_descriptions_are_left_out() -> None:
    more = 'description = 7\nlicense = ["MIT"]\nkeywords = [1, "a"]\nhomepage = 1979-05-27\n'
    found = publish(data=crate(toml=cargo_toml(more=more)))
    assert found.manifest["_about"] == {"keywords": ["a"]}
    orjson.dumps(found.manifest)


def test_a_fetched_crate_tells_what_the_index_does_not() -> None:
    version = CARGO.read(
        package("itoa"), [recorded("upstream/config.json"), recorded("upstream/itoa")]
    ).versions["1.0.0"]
    data = recorded("upstream/itoa-1.0.0.crate")
    assert digests_of(data).sha256 == version.manifest["cksum"]
    found = CARGO.examine(version, "itoa-1.0.0.crate", io.BytesIO(data))
    assert found.summary.summary == "Fast integer primitive to string conversion"
    assert found.summary.licenses == ("MIT OR Apache-2.0",)
    assert found.summary.display_name == "itoa"
    assert found.summary.readme is not None
    assert found.summary.readme.startswith("itoa\n")
    assert {k: v for k, v in found.manifest.items() if k != "_about"} == version.manifest


@pytest.mark.parametrize("data", [b"", b"junk", crate("other"), crate(toml=b"x"), crate()[:-30]])
def test_a_fetched_crate_that_cannot_be_read_adds_nothing(data: bytes) -> None:
    line = {"name": "demo", "vers": "1.0.0", "deps": [{"name": "a", "req": "^1", "kind": None}]}
    found = CARGO.examine(ListedVersion("1.0.0", line), "demo-1.0.0.crate", io.BytesIO(data))
    assert found.manifest == line
    assert found.dependencies == (Dependency("", "a", "normal", "^1"),)
    assert found.summary == Summary(display_name="demo")


def test_dependencies_of_a_strange_line_are_those_that_can_be_read() -> None:
    for deps in (None, 7, {}, [7, None, {}, {"name": 1}, {"name": "a"}]):
        version = ListedVersion("1.0.0", {"name": "demo", "vers": "1.0.0", "deps": deps})
        assert CARGO.examine(version, "demo-1.0.0.crate", io.BytesIO()).dependencies == ()


def test_identical_bytes_may_come_again_and_nothing_is_added_to_a_version() -> None:
    found = publish()
    assert found.repeats == {Status.PUBLISHED, Status.UNLISTED}
    assert found.extends == frozenset()
