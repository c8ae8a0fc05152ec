import io

from mirror.model import ListedAsset, ListedVersion, Promise
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


def test_sidecars_are_made_of_stored_wheels() -> None:
    content = metadata()
    assert PYPI.companions(WHEEL, io.BytesIO(wheel(content))) == {f"{WHEEL}.metadata": content}
    assert PYPI.companions(SDIST, io.BytesIO(sdist())) == {}
    assert PYPI.companions(WHEEL, io.BytesIO(b"no wheel")) == {}


def test_what_the_api_shows_of_a_stored_version() -> None:
    manifest = PYPI.extended(None, upload(wheel(metadata(more="Requires-Dist: a>1\n"))), 1.0)
    dependencies, _ = PYPI.stored(ListedVersion("1.0", manifest), PYPI.package("", "my-pkg"))
    assert [each.package for each in dependencies] == ["a"]
    assert PYPI.stored(ListedVersion("1.0", {}), PYPI.package("", "my-pkg"))[0] == ()
