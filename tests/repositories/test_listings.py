"""The file in which an upstream's listing is kept: whole, or one version of it."""

import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirror.model import ListedAsset, ListedVersion, Listing, Package, Promise
from mirror.repositories import listings

PACKAGE = Package("npm", "acme", "left-pad")

text = st.text(max_size=12)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
hexes = st.text(string.hexdigits.lower()[:16], min_size=8, max_size=8)


@st.composite
def versions(draw, name: str) -> ListedVersion:
    assets = draw(st.integers(0, 2))
    return ListedVersion(
        version=name,
        manifest=draw(st.dictionaries(text, json, max_size=3)),
        assets=tuple(
            ListedAsset(
                f"{name}-{number}.tgz",
                draw(text),
                Promise(
                    draw(st.none() | st.integers(0, 2**40)),
                    draw(st.dictionaries(st.sampled_from(["sha1", "sha512"]), hexes)),
                ),
            )
            for number in range(assets)
        ),
        published_at=draw(st.none() | st.floats(0, 2**40)),
    )


@st.composite
def whole(draw) -> Listing:
    names = draw(st.lists(text, unique=True, max_size=5))
    return Listing(
        package=PACKAGE,
        versions={name: draw(versions(name)) for name in names},
        tags=draw(st.dictionaries(text, text, max_size=3)),
        about=draw(st.dictionaries(text, json, max_size=3)),
        withdrawn=draw(st.booleans()),
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("listing") / "file"


@settings(deadline=None, max_examples=60)
@given(listing=whole())
def test_what_goes_in_comes_out(path: Path, listing: Listing) -> None:
    content = listings.encode(listing)
    path.write_bytes(content)

    assert listings.decode(PACKAGE, content) == listing
    assert list(listings.decode(PACKAGE, content).versions) == list(listing.versions)
    for name, version in listing.versions.items():
        assert listings.find(path, version=name, asset=None) == version
        for asset in version.assets:
            assert listings.find(path, version=None, asset=asset.name) == version
        assert listings.knows(path, name)
    for tag in listing.tags:
        assert listings.knows(path, tag)
    assert listings.find(path, version="?" * 20, asset="?" * 20) is None
    assert not listings.knows(path, "?" * 20)


def test_one_version_is_read_without_the_others(tmp_path: Path) -> None:
    """lessons #13: only the index and one line are looked at."""
    listing = Listing(PACKAGE, {v: ListedVersion(v, {"v": v}) for v in ("1.0.0", "2.0.0", "3.0.0")})
    content = bytearray(listings.encode(listing))
    end = content.index(b'{"version":"2.0.0"') - 1
    content[content.index(b'{"version":"1.0.0"') : end] = b"#" * (
        end - content.index(b'{"version":"1.0.0"')
    )
    path = tmp_path / "listing"
    path.write_bytes(content)

    found = listings.find(path, version="2.0.0", asset=None)

    assert found is not None
    assert found.manifest == {"v": "2.0.0"}


def test_the_files_name_decides_before_the_version(tmp_path: Path) -> None:
    asset = ListedAsset("x.tgz", "http://u/x.tgz", Promise())
    path = tmp_path / "listing"
    path.write_bytes(
        listings.encode(
            Listing(PACKAGE, {"1": ListedVersion("1", {}, (asset,)), "2": ListedVersion("2", {})})
        )
    )
    found = listings.find(path, version="2", asset="x.tgz")
    assert found is not None
    assert found.version == "1"


def test_another_spelling_of_a_version(tmp_path: Path) -> None:
    path = tmp_path / "listing"
    path.write_bytes(listings.encode(Listing(PACKAGE, {"1.0": ListedVersion("1.0", {})})))

    def identity(version: str) -> str:
        return version.removesuffix(".0")

    assert listings.find(path, version="1", asset=None) is None
    found = listings.find(path, version="1", asset=None, identity=identity)
    assert found is not None
    assert found.version == "1.0"
    assert listings.knows(path, "1", identity)
    assert not listings.knows(path, "2", identity)
    assert listings.versions(path) == ["1.0"]


def test_what_stands_beside_a_file_is_found_by_it(tmp_path: Path) -> None:
    """Two names of three would be in the index of a large Python project for nothing."""
    assets = tuple(ListedAsset(name, "u", Promise()) for name in ("x.whl", "x.whl.metadata"))
    content = listings.encode(Listing(PACKAGE, {"1": ListedVersion("1", {}, assets)}))
    path = tmp_path / "listing"
    path.write_bytes(content)
    assert content.count(b"x.whl.metadata") == 1
    found = listings.find(path, version=None, asset="x.whl")
    assert found is not None
    assert found.assets == assets


def test_a_listing_of_an_earlier_release(tmp_path: Path) -> None:
    index = b'{"about":{},"tags":{},"versions":{},"assets":{}}'
    content = len(index).to_bytes(listings.HEAD, "big") + index
    assert listings.decode(PACKAGE, content) == Listing(PACKAGE)
