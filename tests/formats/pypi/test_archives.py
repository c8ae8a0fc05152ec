"""Archives from strangers, through the whole upload."""

import gzip
import io
import tarfile
import time
import warnings
import zipfile

import pytest

from mirror.errors import Exceeded, Invalid
from tests.formats.pypi.samples import SDIST, WHEEL, metadata, sdist, upload, wheel

MB = 1024**2


@pytest.mark.parametrize(
    "name", ["../evil", "/evil", "a/../../evil", "..\\evil", "C:\\evil", "a\x01"]
)
def test_members_outside(name: str) -> None:
    with pytest.raises(Invalid, match="member"):
        upload(wheel(members={name: b"x"}))
    with pytest.raises(Invalid, match=r"member|folder"):
        upload(sdist(members={name: b"x"}), SDIST)


def test_a_metadata_of_50_mb() -> None:
    content = metadata() + b"x: y\n" * (10 * MB)
    with pytest.raises(Exceeded, match="METADATA"):
        upload(wheel(content))
    with pytest.raises(Exceeded, match="PKG-INFO"):
        upload(sdist(content), SDIST)


def test_a_metadata_that_lies_about_its_size() -> None:
    """The directory says 10 bytes; what comes out is cut there, and its checksum is wrong."""
    packed = bytearray(wheel(metadata() + b"x" * MB))
    place = packed.rindex(b"PK\x01\x02", 0, packed.rindex(b"METADATA"))
    packed[place + 24 : place + 28] = (10).to_bytes(4, "little")
    with pytest.raises(Invalid):
        upload(bytes(packed))


def test_a_bomb_is_not_unpacked() -> None:
    """A gigabyte of zeros beside the metadata costs nothing: nobody reads it."""
    bomb = wheel(members={"bomb": bytes(200 * MB)})
    started = time.process_time()
    assert upload(bomb).version == "1.0"
    assert time.process_time() - started < 2


def test_ten_thousand_members() -> None:
    files = {f"my_pkg-1.0/{number}": b"" for number in range(10_000)}
    started = time.process_time()
    assert upload(sdist(members=files), SDIST).version == "1.0"
    assert upload(wheel(members={f"a/{number}": b"" for number in range(10_000)})).version == "1.0"
    assert time.process_time() - started < 10


@pytest.mark.parametrize("without", ["METADATA", "WHEEL", "RECORD"])
def test_wheels_that_pip_would_not_install(without: str) -> None:
    with pytest.raises(Invalid, match=without):
        upload(wheel(without=without))


def test_one_dist_info_of_its_own() -> None:
    with pytest.raises(Invalid, match="exactly one"):
        upload(wheel(members={"other-1.0.dist-info/METADATA": b""}))
    with pytest.raises(Invalid, match="not that of my-pkg"):
        upload(wheel(folder="other-1.0.dist-info"))
    with pytest.raises(Invalid, match="not that of my-pkg"):
        upload(wheel(folder="my_pkg-1.1.dist-info"))


def test_two_members_of_one_name() -> None:

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twice = wheel(members={"./my_pkg-1.0.dist-info/METADATA": metadata("other")})
    with pytest.raises(Invalid, match="same name"):
        upload(twice)


def test_sdists_have_one_folder() -> None:
    with pytest.raises(Invalid, match="exactly one folder"):
        upload(sdist(members={"other/x": b""}), SDIST)
    with pytest.raises(Invalid, match="no PKG-INFO"):
        upload(_without(), SDIST)
    with pytest.raises(Invalid, match="more than one PKG-INFO"):
        upload(sdist(members={"./my_pkg-1.0/PKG-INFO": metadata("other")}), SDIST)


@pytest.mark.parametrize(("target", "allowed"), [("other.py", True), ("../../etc", False)])
def test_links_of_an_sdist_stay_in_it(target: str, allowed: bool) -> None:
    packed = io.BytesIO(gzip.decompress(sdist()))
    with tarfile.open(fileobj=packed, mode="a") as archive:
        link = tarfile.TarInfo("my_pkg-1.0/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, target
        archive.addfile(link)
    file = gzip.compress(packed.getvalue())
    if allowed:
        assert upload(file, SDIST).version == "1.0"
    else:
        with pytest.raises(Invalid, match=r"leads out of it: 'my_pkg-1\.0/link\.py'"):
            upload(file, SDIST)


def _without() -> bytes:

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        info = tarfile.TarInfo("my_pkg-1.0/setup.py")
        archive.addfile(info, io.BytesIO(b""))
    return packed.getvalue()


@pytest.mark.parametrize("file", [b"", b"x", b"PK\x05\x06", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_wheel(file: bytes) -> None:
    with pytest.raises(Invalid):
        upload(file, WHEEL)


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_cut_short(cut: int) -> None:
    with pytest.raises(Invalid):
        upload(wheel()[:-cut])
    with pytest.raises(Invalid):
        upload(sdist()[:-cut], SDIST)


def test_a_zip_sdist() -> None:

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("my_pkg-1.0/PKG-INFO", metadata())
    assert upload(packed.getvalue(), "my_pkg-1.0.zip").version == "1.0"
