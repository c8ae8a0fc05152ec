"""Archives made to hurt whoever opens them: of project My.Pkg 1.0, unless that is the lie."""

import gzip
import io
import struct
import tarfile
import zipfile

from tests.faults.packages import noise
from tests.formats.pypi.samples import metadata, sdist, wheel

MIB = 1024 * 1024


def linked(kind: bytes, target: str, name: str = "out", *, true: bool = True) -> bytes:
    """An sdist with a link, or with a device; without a `true` PKG-INFO it had better be that."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        link = tarfile.TarInfo(f"my_pkg-1.0/{name}")
        link.type, link.linkname = kind, target
        archive.addfile(link)
        if true:
            content = tarfile.TarInfo("my_pkg-1.0/PKG-INFO")
            content.size = len(metadata())
            archive.addfile(content, io.BytesIO(metadata()))
    return packed.getvalue()


def linked_wheel() -> bytes:
    """A wheel whose METADATA is a symbolic link, as zip has them."""
    packed = io.BytesIO(wheel(without="METADATA"))
    with zipfile.ZipFile(packed, "a") as archive:
        link = zipfile.ZipInfo("my_pkg-1.0.dist-info/METADATA")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return packed.getvalue()


def twice() -> bytes:
    """A wheel with two METADATA of one name: which of them counts depends on who reads it."""
    packed = io.BytesIO(wheel())
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("./my_pkg-1.0.dist-info/METADATA", metadata("other"))
    return packed.getvalue()


def declaring(size: int) -> bytes:
    """A wheel of a few hundred bytes with members that declare `size` bytes together."""
    each = (1 << 32) - 2  # the most that needs no extension of the format
    packed = bytearray(wheel(members={f"{n}.bin": b"" for n in range(size // each + 1)}))
    place = 0
    while (place := packed.find(b"PK\x01\x02", place)) >= 0:
        if b".bin" in packed[place + 46 : place + 60]:
            packed[place + 24 : place + 28] = each.to_bytes(4, "little")
        place += 4
    return bytes(packed)


def crowded_wheel(members: int) -> bytes:
    """A zip whose directory names one empty member so many times."""
    name = b"x"
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + name
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0
    )
    directory = (entry + name) * members
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, len(directory), len(local), 0)
    return local + directory + end


def crowded_sdist(members: int) -> bytes:
    """An sdist with so many empty members beside its PKG-INFO."""
    content = metadata()
    first = tarfile.TarInfo("my_pkg-1.0/PKG-INFO")
    first.size = len(content)
    block = content.ljust(-(-len(content) // 512) * 512, b"\0")
    empty = tarfile.TarInfo("my_pkg-1.0/empty").tobuf()
    return gzip.compress(first.tobuf() + block + empty * members + bytes(1024), 1)


def swollen_sdist(size: int) -> bytes:
    """An sdist with a member that declares `size` bytes, of which there are none."""
    member = tarfile.TarInfo("my_pkg-1.0/zeros")
    member.size = size
    return gzip.compress(member.tobuf(tarfile.GNU_FORMAT), 1)


MANY = metadata(more="".join(f"x{number}: y\n" for number in range(49_000)))
LONG = metadata() + b"Classifier: Made :: Long\n" * (50 * MIB // 25)

WHEELS = {
    "not a zip": lambda: noise(1000, "no zip"),
    "a tar.gz": sdist,
    "a zip of nothing": lambda: b"PK\x05\x06" + bytes(18),
    "cut": lambda: wheel()[:-30],
    "parent": lambda: wheel(members={"../../evil.py": b"x"}),
    "deep parent": lambda: wheel(members={"a/../../../evil.py": b"x"}),
    "backslashes": lambda: wheel(members={"..\\..\\evil.py": b"x"}),
    "absolute": lambda: wheel(members={"/etc/passwd": b"x"}),
    "drive": lambda: wheel(members={"C:/evil.py": b"x"}),
    "control character": lambda: wheel(members={"a\x1bb": b"x"}),
    "another name inside": lambda: wheel(metadata("other")),
    "another version inside": lambda: wheel(metadata(version="9.0")),
    "another folder": lambda: wheel(folder="other-1.0.dist-info"),
    "two folders": lambda: wheel(members={"other-1.0.dist-info/METADATA": metadata()}),
    "two METADATA": twice,
    "METADATA is a link": linked_wheel,
    "no METADATA": lambda: wheel(without="METADATA"),
    "no WHEEL": lambda: wheel(without="WHEEL"),
    "no RECORD": lambda: wheel(without="RECORD"),
    "METADATA of 50 MB": lambda: wheel(LONG),
    "METADATA of 49,000 fields": lambda: wheel(MANY),
    "METADATA of noise": lambda: wheel(noise(100_000, "metadata")),
    "17 GB by its own account": lambda: declaring(17 << 30),
    "too many members": lambda: crowded_wheel(100_001),
}
SDISTS = {
    "a zip": wheel,
    "no tar": lambda: gzip.compress(noise(1000, "no tar")),
    "cut": lambda: sdist()[:-20],
    "parent": lambda: sdist(members={"../../evil.py": b"x"}),
    "deep parent": lambda: sdist(members={"my_pkg-1.0/../../evil.py": b"x"}),
    "absolute": lambda: sdist(members={"/etc/passwd": b"x"}),
    "two folders": lambda: sdist(members={"other-1.0/setup.py": b"x"}),
    "two PKG-INFO": lambda: sdist(members={"./my_pkg-1.0/PKG-INFO": metadata("other")}),
    "PKG-INFO is a link": lambda: linked(tarfile.SYMTYPE, "setup.py", "PKG-INFO", true=False),
    "PKG-INFO is a hard link": lambda: linked(tarfile.LNKTYPE, "x", "PKG-INFO", true=False),
    "link out": lambda: linked(tarfile.SYMTYPE, "../../etc"),
    "roundabout link out": lambda: linked(tarfile.SYMTYPE, "a/../../../etc"),
    "absolute link": lambda: linked(tarfile.SYMTYPE, "/etc"),
    "hard link out": lambda: linked(tarfile.LNKTYPE, "../etc/passwd"),
    "device": lambda: linked(tarfile.CHRTYPE, ""),
    "pipe": lambda: linked(tarfile.FIFOTYPE, ""),
    "another name inside": lambda: sdist(metadata("other")),
    "another version inside": lambda: sdist(metadata(version="9.0")),
    "PKG-INFO of 50 MB": lambda: sdist(LONG),
    "PKG-INFO of 49,000 fields": lambda: sdist(MANY),
    "5 GB by its own account": lambda: swollen_sdist(5 << 30),
    "too many members": lambda: crowded_sdist(100_001),
}
