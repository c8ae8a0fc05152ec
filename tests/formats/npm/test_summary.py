import pytest

from mirror.model import Dependency, ListedVersion, Summary
from tests.formats.npm.samples import NPM, UPSTREAM, listing_of

PACKAGE = NPM.package("", "x")


def stored(**manifest: object) -> tuple[tuple[Dependency, ...], Summary]:
    return NPM.stored(ListedVersion("1.0.0", manifest), PACKAGE)


def test_every_kind_of_dependency_once() -> None:
    """API contract §5: regular, dev, peer, optional"""
    found, _ = stored(
        dependencies={"@s/a": "^1", "both": "1"},
        optionalDependencies={"both": "1"},
        devDependencies={"@s/a": "2", "odd": 7},
        peerDependencies={"p": "*"},
        bundledDependencies=["@s/a"],
    )
    assert found == (
        Dependency("s", "a", "regular", "^1"),
        Dependency("s", "a", "dev", "2"),
        Dependency("", "p", "peer", "*"),
        Dependency("", "both", "optional", "1"),
    )


@pytest.mark.parametrize(
    ("manifest", "licenses"),
    [
        ({"license": "MIT"}, ("MIT",)),
        ({"license": {"type": "MIT", "url": "u"}}, ("MIT",)),
        ({"licenses": [{"type": "MIT"}, {"name": "BSD"}, "ISC", 7, None]}, ("MIT", "BSD", "ISC")),
        ({"license": 7}, ()),
        ({}, ()),
    ],
)
def test_licences_in_every_spelling(manifest: dict[str, object], licenses: tuple[str, ...]) -> None:
    assert stored(**manifest)[1].licenses == licenses


def test_addresses_in_every_spelling() -> None:
    _, summary = stored(homepage={"url": "h"}, repository="github:a/b", description=7, readme="# r")
    assert summary == Summary(None, "h", "github:a/b", (), "# r")


@pytest.mark.parametrize("file", UPSTREAM)
def test_recorded_versions_have_descriptions(file: str) -> None:
    listing = listing_of(file)
    for version in listing.versions.values():
        dependencies, summary = NPM.stored(version, listing.package)
        assert summary.summary == version.manifest.get("description")
        assert len({(d.namespace, d.package, d.type) for d in dependencies}) == len(dependencies)
