"""`mirror verify`: the folder against the index."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from mirror.store.blobs import Blobs
from mirror.store.verify import Trouble, verify


async def nothing_in_use(_: str) -> bool:
    return False


def put(blobs: Blobs, data: bytes, name: bytes | None = None) -> tuple[str, int]:
    sha256 = hashlib.sha256(data if name is None else name).hexdigest()
    path = blobs.path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return sha256, len(data)


def test_every_kind_of_finding(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path, nothing_in_use)
    good = put(blobs, b"good")
    flipped = put(blobs, b"badd", name=b"bad!")
    cut, _ = put(blobs, b"cu", name=b"cut!")
    missing = hashlib.sha256(b"missing").hexdigest()
    orphan, _ = put(blobs, b"orphan")
    arriving, _ = put(blobs, b"arriving")
    blobs.incoming.mkdir()
    os.link(blobs.path(arriving), blobs.incoming / f"0a.{arriving}")
    stray = tmp_path / "blobs" / "README"
    stray.write_bytes(b"")
    aside = tmp_path / "damaged" / flipped[0]
    aside.parent.mkdir()
    aside.write_bytes(b"")
    seen: list[tuple[int, int]] = []

    findings = list(
        verify(
            blobs,
            [good, flipped, (cut, 4), (missing, 7)],
            lambda count, size: seen.append((count, size)),
        )
    )

    assert {(each.trouble, each.path) for each in findings} == {
        (Trouble.DAMAGED, blobs.path(flipped[0])),
        (Trouble.DAMAGED, blobs.path(cut)),
        (Trouble.MISSING, blobs.path(missing)),
        (Trouble.ORPHANED, blobs.path(orphan)),
        (Trouble.ORPHANED, stray),
        (Trouble.ASIDE, aside),
    }
    assert seen == [(1, 4), (2, 8), (3, 12), (4, 19)]
    assert not Trouble.ASIDE.failure
    assert Trouble.ORPHANED.failure


def test_a_blob_that_arrives_while_verifying_is_no_orphan(tmp_path: Path) -> None:
    """The rows are read last: what was listed before has its row by then."""
    blobs = Blobs(tmp_path, nothing_in_use)
    rows = [put(blobs, b"old")]

    def expected() -> Iterator[tuple[str, int]]:
        yield from rows
        yield put(blobs, b"new")

    assert list(verify(blobs, expected())) == []


def test_an_empty_store(tmp_path: Path) -> None:
    assert list(verify(Blobs(tmp_path, nothing_in_use), [])) == []
