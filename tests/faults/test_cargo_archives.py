"""Crates made to hurt whoever opens them: their publisher is told, and nobody else notices."""

import asyncio
import functools
import gzip
import tarfile
from collections.abc import Callable

import pytest

from tests.crates import Crates
from tests.faults.conftest import Make
from tests.faults.crates import (
    Site,
    check_refusal,
    connected,
    crate,
    page,
    path,
    publication,
    put,
)
from tests.faults.packages import noise, sha256
from tests.faults.projects import beside
from tests.faults.server import Mirror
from tests.formats.cargo.samples import cargo_toml, tarball
from tests.origin import Origin

MIB = 1024 * 1024
FOLDER = "liar-1.0.0"
TOML = cargo_toml("liar")
END = bytes(1024)


def block(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE) -> bytes:
    """A member as it stands in a tar, whatever its name; also a header that is for the next one."""
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, len(content)
    return member.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)


def packed(*blocks: bytes, toml: bytes = TOML) -> bytes:
    """A crate with a right Cargo.toml behind these blocks."""
    return gzip.compress(b"".join(blocks) + block(f"{FOLDER}/Cargo.toml", toml) + END, 1)


def record(key: str, value: str) -> bytes:
    """A record of a pax header: its own length comes first."""
    rest = len(key) + len(value) + 3
    length = next(n for n in range(rest, rest + 9) if n == rest + len(str(n)))
    return f"{length} {key}={value}\n".encode()


def pax(*records: bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    return block("pax", b"".join(records), kind)


def linked(kind: bytes, target: str, name: str = f"{FOLDER}/src/lib.rs") -> bytes:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return packed(member.tobuf())


def declaring(size: int) -> bytes:
    """A member that says it has so many bytes, of which there are none."""
    member = tarfile.TarInfo(f"{FOLDER}/zeros")
    member.size = size
    return gzip.compress(block(f"{FOLDER}/Cargo.toml", TOML) + member.tobuf(tarfile.GNU_FORMAT))


def bomb(size: int) -> bytes:
    """So many bytes of zeros that are really there, in a thousandth of that."""
    zeros = gzip.compress(block(f"{FOLDER}/zeros", bytes(16 * MIB)))
    return gzip.compress(block(f"{FOLDER}/Cargo.toml", TOML)) + zeros * (size // (16 * MIB) + 1)


FILE = block(f"{FOLDER}/a.rs")
OTHER = cargo_toml("other")
CRATES: dict[str, Callable[[], bytes]] = {
    "noise": lambda: noise(1000, "no crate"),
    "a zip": lambda: b"PK\x05\x06" + bytes(18),
    "a plain tar": lambda: gzip.decompress(crate("liar")),
    "gzip of noise": lambda: gzip.compress(noise(5000, "no tar")),
    "gzip of nothing": lambda: gzip.compress(b""),
    "cut": lambda: crate("liar")[:-20],
    "cut in its own checksum": lambda: crate("liar")[:-1],
    "garbage behind it": lambda: crate("liar") + noise(600, "behind"),
    "no Cargo.toml": lambda: tarball({f"{FOLDER}/src/lib.rs": b""}),
    "Cargo.toml in a folder": lambda: tarball({f"{FOLDER}/src/Cargo.toml": TOML}),
    "Cargo.toml outside": lambda: tarball({"Cargo.toml": TOML}),
    "cargo.toml": lambda: tarball({f"{FOLDER}/cargo.toml": TOML}),
    "two Cargo.toml": lambda: packed(block(f"{FOLDER}/Cargo.toml", OTHER)),
    "two Cargo.toml, the other way": lambda: packed(block(f"{FOLDER}/Cargo.toml", TOML), toml=OTHER),
    "two Cargo.toml by a dot": lambda: packed(block(f"{FOLDER}/./Cargo.toml", OTHER)),
    "two Cargo.toml by slashes": lambda: packed(block(f"{FOLDER}//Cargo.toml", OTHER)),
    "two Cargo.toml by a backslash": lambda: packed(block(f"{FOLDER}\\Cargo.toml", OTHER)),
    "two Cargo.toml by case": lambda: packed(block(f"{FOLDER}/CARGO.toml", OTHER)),
    "two Cargo.toml by pax": lambda: packed(pax(record("path", f"{FOLDER}/Cargo.toml")), FILE),
    "Cargo.toml of another name": lambda: packed(toml=OTHER),
    "Cargo.toml of another version": lambda: packed(toml=cargo_toml("liar", "2.0.0")),
    "Cargo.toml is a folder": lambda: gzip.compress(
        block(f"{FOLDER}/Cargo.toml", kind=tarfile.DIRTYPE) + END
    ),
    "Cargo.toml is a link": lambda: gzip.compress(
        gzip.decompress(linked(tarfile.SYMTYPE, "/etc/passwd", f"{FOLDER}/Cargo.toml"))[:512] + END
    ),
    "Cargo.toml without a package": lambda: packed(toml=b"[workspace]\n"),
    "Cargo.toml is empty": lambda: packed(toml=b""),
    "Cargo.toml is no TOML": lambda: packed(toml=b"<html>"),
    "Cargo.toml of noise": lambda: packed(toml=noise(100_000, "toml")),
    "Cargo.toml of 2 MB": lambda: packed(toml=TOML + b"#" * 2 * MIB),
    "Cargo.toml of deep lists": lambda: packed(toml=TOML + b"a = " + b"[" * 100_000),
    "Cargo.toml of deep tables": lambda: packed(toml=TOML + b"a = " + b"{a=" * 100_000),
    "Cargo.toml of deep keys": lambda: packed(toml=TOML + b"a." * 100_000 + b"a = 1"),
    "Cargo.toml of deep names": lambda: packed(toml=TOML + (b"[" + b"a." * 40 + b"a]\n") * 10_000),
    "a number of a million digits": lambda: packed(toml=TOML + b"a = " + b"1" * 1_000_000),
    "parent": lambda: packed(block("../../evil", b"x")),
    "deep parent": lambda: packed(block(f"{FOLDER}/src/../../../evil", b"x")),
    "parent that comes back": lambda: packed(block(f"{FOLDER}/../{FOLDER}/a.rs", b"x")),
    "backslashes": lambda: packed(block(f"{FOLDER}\\..\\..\\evil", b"x")),
    "absolute": lambda: packed(block("/etc/passwd", b"x")),
    "drive": lambda: packed(block("C:/evil", b"x")),
    "another folder": lambda: packed(block("other-1.0.0/src/lib.rs", b"x")),
    "a folder by case": lambda: packed(block("LIAR-1.0.0/src/lib.rs", b"x")),
    "no folder": lambda: packed(block("lib.rs", b"x")),
    "a new line in a name": lambda: packed(block(f"{FOLDER}/a\nb", b"x")),
    "a pax path out": lambda: packed(pax(record("path", "../../etc/passwd")), FILE),
    "a pax path of NUL": lambda: packed(pax(record("path", f"{FOLDER}/a\0b")), FILE),
    "an absolute pax path": lambda: packed(pax(record("path", "/etc/passwd")), FILE),
    "a global pax path out": lambda: packed(
        pax(record("path", "../../etc/passwd"), kind=tarfile.XGLTYPE), FILE
    ),
    "a pax size that lies": lambda: packed(pax(record("size", str(1 << 40))), FILE),
    "a pax size below zero": lambda: packed(pax(record("size", "-512")), FILE),
    "a pax link": lambda: packed(
        pax(record("linkpath", "/etc/passwd")), block(f"{FOLDER}/a", kind=tarfile.SYMTYPE)
    ),
    "a sparse file": lambda: packed(
        pax(record("GNU.sparse.map", "0,1,99999999999,1"), record("GNU.sparse.size", str(1 << 40))),
        FILE,
    ),
    "a pax header of 64 MB": lambda: packed(pax(record("comment", "x" * 64 * MIB)), FILE),
    "a long name of 64 MB": lambda: packed(
        block("././@LongLink", b"a" * 64 * MIB, tarfile.GNUTYPE_LONGNAME), FILE
    ),
    "a long name out": lambda: packed(
        block("././@LongLink", b"../" * 100 + b"evil\0", tarfile.GNUTYPE_LONGNAME), FILE
    ),
    "a symbolic link out": lambda: linked(tarfile.SYMTYPE, "../../etc/passwd"),
    "a symbolic link inside": lambda: linked(tarfile.SYMTYPE, "Cargo.toml"),
    "a hard link": lambda: linked(tarfile.LNKTYPE, f"{FOLDER}/Cargo.toml"),
    "a device": lambda: linked(tarfile.CHRTYPE, ""),
    "a pipe": lambda: linked(tarfile.FIFOTYPE, ""),
    "an unknown type": lambda: linked(b"Z", ""),
    "5 GB by its own account": lambda: declaring(5 << 30),
    "540 MB of zeros": lambda: bomb(540 * MIB),
    "zeros behind the end": lambda: crate("liar") + gzip.compress(bytes(16 * MIB)) * 34,
}  # fmt: skip


@functools.cache
def made(case: str) -> bytes:
    return CRATES[case]()


@pytest.mark.parametrize("case", CRATES)
async def test_a_crate_that_lies_changes_nothing(mirror: Mirror, case: str) -> None:
    """lessons #4, #7, #19, cargo.md §3: not a row, not a file, little memory, and nobody waits."""
    await mirror.token()
    content = await asyncio.to_thread(made, case)
    rows, held = mirror.index(), mirror.files()
    async with asyncio.timeout(20):
        check_refusal(await beside(mirror, put(mirror, publication("liar", content=content))))
    assert mirror.files() == held
    assert mirror.index() == rows
    assert (await mirror.get(path("liar"))).status == 404
    assert (await mirror.get(page("liar"))).status == 404


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME], ids=["pax", "gnu"])
async def test_headers_for_headers_are_refused(mirror: Mirror, kind: bytes) -> None:
    """One is for the member behind it, so a thousand of them are for one another, without end."""
    await mirror.token()
    rows, held = mirror.index(), mirror.files()
    content = packed(block("pax", record("comment", "x"), kind) * 1000, FILE)
    check_refusal(await beside(mirror, put(mirror, publication("liar", content=content))))
    assert mirror.files() == held
    assert mirror.index() == rows


# Each would take minutes, during which nobody else is served (CVE-2024-6232 is one of them).
SLOW: dict[str, Callable[[], bytes]] = {
    "escaped quotes": lambda: packed(
        toml=TOML + b'description = "' + b'\\"' * 50_000 + b'"\n'
    ),
    "a pax header of digits": lambda: packed(pax(b"1" * 200_000), FILE),
}  # fmt: skip


@pytest.mark.parametrize("case", SLOW)
async def test_what_takes_long_to_read_keeps_nobody_waiting(
    lone_crates: Crates, make: Make, case: str
) -> None:
    """lessons #7: the time must not grow by the square. What is fetched is looked into as well, and
    anybody can publish that upstream.
    """
    mirror = make(lone_crates.connection())
    await mirror.start()
    content = SLOW[case]()
    lone_crates.add("liar", "1.0.0")
    lone_crates.change("liar", "1.0.0", cksum=sha256(content))
    lone_crates.files.serve(lone_crates.path("liar", "1.0.0"), content)
    async with asyncio.timeout(5):
        reply = await beside(mirror, mirror.get(path("liar")))
    assert (reply.status, reply.body) == (200, content)
    async with asyncio.timeout(5):
        reply = await beside(mirror, put(mirror, publication("liar", content=content)))
    assert reply.status in {400, 409, 413}


async def test_what_was_fetched_is_served_whatever_is_in_it(
    lone_origin: Origin, make: Make
) -> None:
    """cargo.md §9: its checksum is right, and cargo unpacks it at its own risk; that it cannot be
    read is nobody's error here.
    """
    mirror = make(connected(lone_origin, len(CRATES)))
    await mirror.start()
    numbers = iter(range(len(CRATES)))

    async def lane() -> None:
        for number in numbers:
            site = Site.at(mirror, lone_origin, number)
            content = site.add("liar", await asyncio.to_thread(made, list(CRATES)[number]))
            await site.has("liar", content)

    await beside(mirror, asyncio.gather(lane(), lane(), lane()))
    assert '"level":"error"' not in mirror.said()


async def test_large_and_true(mirror: Mirror) -> None:
    """Thousands of files are no attack, nor are twenty megabytes of zeros, nor long names."""
    folder = "true-1.0.0"
    many = {f"{folder}/src/{number}.rs": b"" for number in range(5_000)}
    long = f"{folder}/src/{'deep/' * 60}{'x' * 100}.rs"
    content = crate("true", **many, **{f"{folder}/zeros": bytes(20 * MIB), long: b"x"})
    reply = await beside(mirror, put(mirror, publication("true", content=content)))
    assert reply.status == 200, reply
    assert (await mirror.get(path("true"))).body == content
