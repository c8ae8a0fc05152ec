import hashlib
import io
from typing import Any

import pytest

from mirror.formats.format import Findings
from mirror.model import Dependency, ListedAsset, ListedVersion, Promise, Summary
from tests.formats.pypi.samples import PYPI, SDIST, WHEEL, metadata, sdist, upload, wheel

OTHER = "my_pkg-1.0-cp312-cp312-win_amd64.whl"


def version(files: dict[str, dict[str, object]], *assets: str, at: float = 1.0) -> ListedVersion:
    listed = tuple(ListedAsset(name, f"https://up/{name}", Promise()) for name in assets)
    return ListedVersion("1.0", {"files": files}, listed, at)


def test_new_files_and_yanked_flags_come_in() -> None:
    """User Guide, "Requesting Python packages from upstreams and external connections"."""
    held = version({WHEEL: {"yanked": False, "hashes": {"sha256": "a"}}}, WHEEL)
    found = version(
        {WHEEL: {"yanked": "bad", "hashes": {"sha256": "a"}}, OTHER: {"yanked": "bad"}},
        WHEEL,
        f"{WHEEL}.metadata",
        OTHER,
    )
    joined = PYPI.refreshed(held, found)
    assert {name: entry["yanked"] for name, entry in joined.manifest["files"].items()} == {
        WHEEL: "bad",
        OTHER: "bad",
    }
    assert [each.name for each in joined.assets] == [WHEEL, f"{WHEEL}.metadata", OTHER]


def test_a_yank_is_taken_back() -> None:
    held = version({WHEEL: {"yanked": "bad"}}, WHEEL)
    found = version({WHEEL: {"yanked": False}}, WHEEL)
    assert PYPI.refreshed(held, found).manifest["files"][WHEEL]["yanked"] is False


def test_a_retained_file_keeps_its_bytes() -> None:
    held = version({WHEEL: {"hashes": {"sha256": "mine"}, "size": 1}}, WHEEL)
    found = version({WHEEL: {"hashes": {"sha256": "theirs"}, "size": 2, "yanked": True}}, WHEEL)
    entry = PYPI.refreshed(held, found).manifest["files"][WHEEL]
    assert entry == {"hashes": {"sha256": "mine"}, "size": 1, "yanked": True}


def test_a_file_that_went_away_upstream_stays() -> None:
    """API contract, U8."""
    held = version({WHEEL: {"yanked": False}, SDIST: {}}, WHEEL, SDIST)
    joined = PYPI.refreshed(held, version({WHEEL: {}}, WHEEL))
    assert set(joined.manifest["files"]) == {WHEEL, SDIST}
    assert [each.name for each in joined.assets] == [WHEEL, SDIST]


def test_each_file_has_its_own_time() -> None:
    first = PYPI.extended(None, upload(wheel()), 1_700_000_000.0)
    second = PYPI.extended(first, upload(sdist(), SDIST), 1_700_086_400.25)
    assert {name: entry["upload-time"] for name, entry in second["files"].items()} == {
        WHEEL: "2023-11-14T22:13:20.000000Z",
        SDIST: "2023-11-15T22:13:20.250000Z",
    }


def test_the_wheel_describes_the_version() -> None:
    built = upload(wheel(metadata(more="Summary: of the wheel\n")))
    source = upload(sdist(metadata(more="Summary: of the sdist\n")), SDIST)
    for order in ((built, source), (source, built)):
        manifest = None
        for each in order:
            manifest = PYPI.extended(manifest, each, 1.0)
        assert manifest is not None
        assert manifest["metadata"]["summary"] == "of the wheel"


def examined(asset: str, file: bytes, manifest: dict[str, object] | None = None) -> Findings:
    listed = ListedAsset(f"{WHEEL}.metadata", "", Promise(None, {"sha256": SHA}))
    return PYPI.examine(ListedVersion("1.0", manifest or {}, (listed,)), asset, io.BytesIO(file))


DESCRIBED = metadata(
    more="""\
Summary: of it
Home-page: https://home
Project-URL: Source, https://code
License-Expression: MIT
Requires-Dist: a>1
Requires-Dist: B[x] ; extra == 'test'

Read me.
"""
)
SHA = hashlib.sha256(DESCRIBED).hexdigest()


@pytest.mark.parametrize(("asset", "packed"), [(WHEEL, wheel), (SDIST, sdist)])
def test_what_a_retained_file_says_of_its_version(asset: str, packed: Any) -> None:
    """API contract §5: dependencies from Requires-Dist, and DescribePackageVersion's fields."""
    found = examined(asset, packed(DESCRIBED), {"files": {asset: {}}})
    assert found.dependencies == (
        Dependency("", "a", "", ">1"),
        Dependency("", "b", "", 'extra == "test"'),
    )
    assert found.summary == Summary(
        "of it", "https://home", "https://code", ("MIT",), "Read me.\n", "My.Pkg"
    )
    assert found.manifest["files"] == {asset: {}}
    assert found.manifest["metadata"]["summary"] == "of it"
    assert "description" not in found.manifest["metadata"]


def test_a_version_that_is_described_stays_as_it_is() -> None:
    described = {"metadata": {"name": "x", "summary": "ours"}}
    found = examined(WHEEL, wheel(DESCRIBED), described)
    assert found.manifest == described
    assert (found.summary.summary, found.dependencies) == ("ours", ())


def test_sidecars_are_made_of_retained_wheels() -> None:
    """PEP 658: byte for byte, and never other bytes than the page announces."""
    assert examined(WHEEL, wheel(DESCRIBED)).companions == {f"{WHEEL}.metadata": DESCRIBED}
    assert examined(WHEEL, wheel(metadata())).companions == {}
    assert examined(SDIST, sdist(DESCRIBED)).companions == {}
    assert examined(OTHER, wheel(DESCRIBED)).companions == {f"{OTHER}.metadata": DESCRIBED}


@pytest.mark.parametrize(
    ("asset", "file"),
    [
        (WHEEL, b"no wheel"),
        (WHEEL, wheel(b"no metadata")),
        (SDIST, b"no sdist"),
        (SDIST, sdist(members={"my_pkg-1.0/zeros": bytes(70 * 1024**2)})),
        ("my_pkg-1.0-py3.12.egg", b"?"),
        (f"{WHEEL}.asc", b"?"),
    ],
    ids=["wheel", "metadata", "sdist", "large sdist", "egg", "signature"],
)
def test_a_file_that_cannot_be_read_says_nothing(asset: str, file: bytes) -> None:
    found = examined(asset, file)
    assert (found.manifest, found.dependencies, found.summary) == ({}, (), Summary())


def test_what_the_api_shows_of_a_published_version() -> None:
    """Retained elsewhere, it keeps the description of its publication."""
    manifest = PYPI.extended(None, upload(wheel(DESCRIBED)), 1.0)
    found = examined(SDIST, sdist(metadata()), manifest)
    assert found.manifest == manifest
    assert [each.package for each in found.dependencies] == ["a", "b"]
