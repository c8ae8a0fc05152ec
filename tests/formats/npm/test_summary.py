import io

import pytest

from mirror.formats.format import Findings
from mirror.model import Dependency, ListedVersion, Summary
from tests.formats.npm.samples import NPM, UPSTREAM, listing_of


def examined(**manifest: object) -> Findings:
    return NPM.examine(ListedVersion("1.0.0", manifest), "x-1.0.0.tgz", io.BytesIO())


def test_every_kind_of_dependency_once() -> None:
    """API contract §5: regular, dev, peer, optional"""
    found = examined(
        dependencies={"@s/a": "^1", "both": "1"},
        optionalDependencies={"both": "1"},
        devDependencies={"@s/a": "2", "odd": 7},
        peerDependencies={"p": "*"},
        bundledDependencies=["@s/a"],
    )
    assert found.dependencies == (
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
    assert examined(**manifest).summary.licenses == licenses


def test_addresses_in_every_spelling() -> None:
    found = examined(homepage={"url": "h"}, repository="github:a/b", description=7, readme="# r")
    assert found.summary == Summary(None, "h", "github:a/b", (), "# r")


@pytest.mark.parametrize("file", UPSTREAM)
def test_recorded_versions_have_descriptions(file: str) -> None:
    listing = listing_of(file)
    for version in listing.versions.values():
        found = examined(**version.manifest)
        dependencies = found.dependencies
        assert found.summary.summary == version.manifest.get("description")
        assert len({(d.namespace, d.package, d.type) for d in dependencies}) == len(dependencies)
