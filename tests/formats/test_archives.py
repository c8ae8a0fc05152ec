import gzip
import io
import tarfile
import tracemalloc

import pytest

from mirror.errors import Exceeded, Invalid
from mirror.formats.archives import TarLimits, read_tar_gz
from tests.formats.npm.samples import tarball, zeros

SMALL = TarLimits(members=5, unpacked=100_000, header=4096)


def paths(data: bytes, limits: TarLimits | None = None) -> list[tuple[str, ...]]:
    return [member.path for member in read_tar_gz(io.BytesIO(data), limits)]


def test_members_are_read_in_order_and_in_part() -> None:
    data = tarball({"a/one": b"1" * 700, "a/./two": b"", "./a//three": b"333"})
    found = [(m.path, m.size, m.read(500)) for m in read_tar_gz(io.BytesIO(data))]
    assert found == [
        (("a", "one"), 700, b"1" * 500), (("a", "two"), 0, b""), (("a", "three"), 3, b"333"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a/../../b", "..", "a\\..\\b", "/etc/passwd", "\\\\host\\x", "c:/x",
     "a/\x01b", "a/" + "../" * 200 + "x"],
)  # fmt: skip
def test_members_outside_their_folder_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        paths(tarball({"a/ok": b"", name: b"x"}))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]
)
def test_links_and_devices_are_no_files(kind: bytes) -> None:
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, "../../etc/passwd"
    [member] = read_tar_gz(io.BytesIO(tarball({"a/x": info})))
    assert not member.is_file


@pytest.mark.parametrize(
    ("kind", "target", "expected"),
    [
        (tarfile.SYMTYPE, "../b/y", False),
        (tarfile.SYMTYPE, "y/../..", False),
        (tarfile.SYMTYPE, "../..", True),
        (tarfile.SYMTYPE, "../../etc", True),
        (tarfile.SYMTYPE, "/a/y", True),
        (tarfile.LNKTYPE, "a/y", False),
        (tarfile.LNKTYPE, "../a/y", True),
        (tarfile.FIFOTYPE, "", True),
        (tarfile.DIRTYPE, "", False),
    ],
)
def test_what_leads_out(kind: bytes, target: str, expected: bool) -> None:
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, target
    [member] = read_tar_gz(io.BytesIO(tarball({"a/x": info})))
    assert member.leads_out is expected


def test_a_bomb_is_not_unpacked() -> None:
    """lessons #7"""
    data = zeros("a/bomb", 64 * 2**20)
    assert len(data) < 500_000
    tracemalloc.start()
    with pytest.raises(Exceeded, match="unpacks to more than 100000"):
        paths(data, SMALL)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_a_bomb_inside_a_header_is_not_read() -> None:
    info = tarfile.TarInfo("a/x")
    info.type, info.size = tarfile.XHDTYPE, 64 * 2**20
    data = gzip.compress(info.tobuf() + bytes(64 * 2**20), 1)
    tracemalloc.start()
    with pytest.raises(Exceeded, match="header"):
        paths(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 2**20


def test_too_many_members() -> None:
    with pytest.raises(Exceeded, match="more than 5 members"):
        paths(tarball({f"a/{i}": b"" for i in range(6)}), SMALL)
    assert len(paths(tarball({f"a/{i}": b"" for i in range(5)}), SMALL)) == 5


def test_many_members_are_not_remembered() -> None:
    data = tarball({f"a/{i}": b"" for i in range(4000)})
    tracemalloc.start()
    for member in read_tar_gz(io.BytesIO(data)):
        assert member.is_file
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_a_member_is_read_once() -> None:
    [member] = read_tar_gz(io.BytesIO(tarball({"a/x": b"text"})))
    with pytest.raises(ValueError, match="closed"):
        member.read(4)
    for member in read_tar_gz(io.BytesIO(tarball({"a/x": b"text"}))):
        assert member.read(4) == b"text"
        with pytest.raises(Invalid, match="overlap"):
            member.read(4)


def test_long_names_are_members_too() -> None:
    assert paths(tarball({"a/" + "n" * 300: b"x"})) == [("a", "n" * 300)]


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"\x1f\x8b", gzip.compress(b""), gzip.compress(b"x" * 2000),
     tarball({"a/x": bytes(99_999)})[:-30], gzip.compress(tarfile.TarInfo("a").tobuf()[:300])],
    ids=["nothing", "a zip", "a magic", "empty", "no tar", "cut", "half a header"],
)  # fmt: skip
def test_what_is_no_archive(data: bytes) -> None:
    with pytest.raises(Invalid):
        paths(data)


def test_a_negative_size_does_not_loop() -> None:
    """CVE-2025-8194"""
    header = bytearray(tarfile.TarInfo("a/x").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 10 + b"\xfe\x00"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    with pytest.raises(Invalid):
        paths(gzip.compress(bytes(header) + bytes(1024)))


def headers(kind: bytes, content: bytes, count: int = 1) -> bytes:
    """An archive of nothing but such headers, packed."""
    info = tarfile.TarInfo("headers")
    info.type, info.size = kind, len(content)
    padding = b"\0" * (-len(content) % 512)
    return gzip.compress((info.tobuf() + content + padding) * count + b"\0" * 1024)


def test_a_number_without_end_is_refused_before_tarfile_looks_for_its_end() -> None:
    """CVE-2024-6232: its pattern takes minutes for these, and nobody else runs meanwhile."""
    with pytest.raises(Invalid, match="more than 64 digits"):
        paths(headers(tarfile.XHDTYPE, b"1" * 500_000))
    digits = tarball({"a/digits": b"1" * 500_000})
    assert [each.read(10**6) for each in read_tar_gz(io.BytesIO(digits))] == [b"1" * 500_000]


def test_headers_have_a_limit_together() -> None:
    """A pax header of tiny records costs a fifth of a second for each of its megabytes."""
    limits = TarLimits(headers=100_000)
    with pytest.raises(Exceeded, match="more than 100000 bytes of headers"):
        paths(headers(tarfile.XHDTYPE, b"6 a=b\n" * 1000, 20), limits)


def test_headers_for_headers_end_somewhere() -> None:
    with pytest.raises(Invalid):
        paths(headers(tarfile.XHDTYPE, b"13 comment=x\n", 5000))


def test_a_size_that_is_said_twice_is_seen() -> None:
    """CVE-2025-62518: of two readers, each may believe another one."""
    info = tarfile.TarInfo("a/x")
    info.pax_headers = {"size": "0"}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    assert [each.resized for each in read_tar_gz(packed)] == [True]
