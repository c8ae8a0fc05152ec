"""The blob store: what stays, what goes, whatever happens in between."""

import asyncio
import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mirror.errors import Storage
from mirror.model import Digests
from mirror.store import blobs as blobs_module
from mirror.store import writing as writing_module
from mirror.store.blobs import Blobs
from mirror.store.files import OpenFile

DATA = b"some bytes" * 100
SHA = hashlib.sha256(DATA).hexdigest()


class Index:
    """Plays the rows: the sha256s that something refers to."""

    def __init__(self) -> None:
        self.rows: set[str] = set()
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()
        self.answer.set()

    async def in_use(self, sha256: str) -> bool:
        found = sha256 in self.rows
        self.asked.set()
        await self.answer.wait()
        return found


@pytest.fixture
def index() -> Index:
    return Index()


@pytest.fixture
def blobs(tmp_path: Path, index: Index) -> Blobs:
    return Blobs(tmp_path / "data", index.in_use)


def files(blobs: Blobs) -> list[str]:
    """Everything stored, relative to the root, with random names made readable."""
    found = []
    for path in sorted(blobs.root.rglob("*")):
        if path.is_file():
            name = path.relative_to(blobs.root).as_posix()
            _random, dot, sha = path.name.partition(".")
            found.append(f"incoming/*{dot}{sha}" if name.startswith("incoming/") else name)
    return found


def blob(sha: str = SHA) -> str:
    return f"blobs/{sha[:2]}/{sha[2:4]}/{sha}"


def content(file: OpenFile | None) -> bytes:
    assert file is not None
    return os.pread(file.fileno(), file.size + 1, 0)


async def seal(blobs: Blobs, data: bytes, check: Callable[[Digests], None] | None = None) -> None:
    """Write and seal, then leave without settling."""
    async with blobs.writer() as writer:
        await writer.write(data)
        await writer.seal(check)


async def store(blobs: Blobs, index: Index, data: bytes = DATA) -> Digests:
    async with blobs.writer() as writer:
        await writer.write(data)
        digests = await writer.seal()
        index.rows.add(digests.sha256)
        await writer.settle()
    return digests


async def test_a_blob_has_every_digest_and_one_name(blobs: Blobs, index: Index) -> None:
    digests = await store(blobs, index)
    assert digests == Digests(
        len(DATA),
        SHA,
        hashlib.md5(DATA).hexdigest(),
        hashlib.sha1(DATA).hexdigest(),
        hashlib.sha512(DATA).hexdigest(),
    )
    assert files(blobs) == [blob()]
    assert content(await blobs.open(SHA, len(DATA))) == DATA


async def test_a_large_blob_in_uneven_pieces(blobs: Blobs, index: Index) -> None:
    data = os.urandom(1_000_003)
    async with blobs.writer() as writer:
        for at in range(0, len(data), 70_001):
            await writer.write(data[at : at + 70_001])
        assert 0 < writer.flushed < writer.written == len(data)
        assert os.pread(writer.file.fileno(), writer.flushed, 0) == data[: writer.flushed]
        digests = await writer.seal()
        index.rows.add(digests.sha256)
        await writer.settle()
    assert digests.sha512 == hashlib.sha512(data).hexdigest()
    assert content(await blobs.open(digests.sha256, len(data))) == data


async def test_an_empty_blob(blobs: Blobs, index: Index) -> None:
    digests = await store(blobs, index, b"")
    assert digests.size == 0
    assert content(await blobs.open(digests.sha256, 0)) == b""


async def test_a_file_is_taken_without_a_copy(blobs: Blobs, index: Index) -> None:
    left = blobs.incoming / "render-x"
    left.parent.mkdir(parents=True)
    data = os.urandom(600_000)
    left.write_bytes(data)
    inode = left.stat().st_ino
    async with blobs.writer(algorithms=("sha256",)) as writer:
        await writer.take(left)
        digests = await writer.seal()
        index.rows.add(digests.sha256)
        await writer.settle()
    assert digests == Digests(len(data), hashlib.sha256(data).hexdigest())
    assert files(blobs) == [blob(digests.sha256)]
    assert blobs.path(digests.sha256).stat().st_ino == inode


async def test_a_file_that_was_taken_goes_with_its_writer(blobs: Blobs) -> None:
    left = blobs.incoming / "render-x"
    left.parent.mkdir(parents=True)
    left.write_bytes(DATA)
    async with blobs.writer() as writer:
        await writer.take(left)
    assert files(blobs) == []
    left.write_bytes(DATA)
    with pytest.raises(ValueError, match="was left"):
        await writer.take(left)
    assert files(blobs) == []


async def test_bytes_are_readable_after_a_flush(blobs: Blobs) -> None:
    async with blobs.writer() as writer:
        await writer.write(b"abc")
        assert writer.flushed == 0
        with pytest.raises(ValueError, match="nothing is on file"):
            _ = writer.file
        await writer.flush()
        file = writer.file
        assert content(file) == b"abc"
    assert files(blobs) == []
    assert content(file) == b"abc"  # a follower's reference outlives the writer


@pytest.mark.parametrize("amount", [10, 300_000])
async def test_leaving_early_leaves_nothing(blobs: Blobs, amount: int) -> None:
    async with blobs.writer() as writer:
        await writer.write(b"x" * amount)
    assert files(blobs) == []


async def test_leaving_after_seal_removes_the_blob(blobs: Blobs) -> None:
    async with blobs.writer() as writer:
        await writer.write(DATA)
        await writer.seal()
        assert files(blobs) == [blob(), f"incoming/*.{SHA}"]
    assert files(blobs) == []


async def test_leaving_after_seal_keeps_what_a_row_refers_to(blobs: Blobs, index: Index) -> None:
    await store(blobs, index)
    async with blobs.writer() as writer:
        await writer.write(DATA)
        await writer.seal()
    assert files(blobs) == [blob()]


async def test_leaving_after_seal_keeps_what_another_writer_sealed(
    blobs: Blobs, index: Index
) -> None:
    async with blobs.writer() as other:
        await other.write(DATA)
        await other.seal()
        async with blobs.writer() as writer:
            await writer.write(DATA)
            await writer.seal()
        assert blob() in files(blobs)
        index.rows.add(SHA)
        await other.settle()
    assert files(blobs) == [blob()]


async def test_a_check_that_raises_leaves_nothing(blobs: Blobs) -> None:
    def check(digests: Digests) -> None:
        assert digests.sha256 == SHA
        raise LookupError

    with pytest.raises(LookupError):
        await seal(blobs, DATA, check)
    assert files(blobs) == []


async def test_cancelled_in_mid_write_leaves_nothing(blobs: Blobs) -> None:
    started = asyncio.Event()

    async def write() -> None:
        async with blobs.writer() as writer:
            while True:
                await writer.write(bytes(300_000))
                started.set()

    task = asyncio.create_task(write())
    await started.wait()
    task.cancel()
    await asyncio.wait([task])
    assert files(blobs) == []


async def test_cancelled_in_mid_seal_leaves_nothing(blobs: Blobs) -> None:
    for _ in range(20):
        task = asyncio.create_task(seal(blobs, DATA))
        await asyncio.sleep(0.0005)
        task.cancel()
        await asyncio.wait([task])
    assert files(blobs) == []


# -- discarding


async def test_discard_removes_only_what_no_row_needs(blobs: Blobs, index: Index) -> None:
    other = await store(blobs, index, b"other")
    await store(blobs, index)
    index.rows.discard(SHA)
    await blobs.discard([SHA, other.sha256, "0" * 64])
    assert files(blobs) == [blob(other.sha256)]


async def test_discard_spares_a_sealed_blob(blobs: Blobs, index: Index) -> None:
    """Lessons #17: collection beside an upload."""
    async with blobs.writer() as writer:
        await writer.write(DATA)
        await writer.seal()
        await blobs.discard([SHA])
        index.rows.add(SHA)
        await writer.settle()
    assert files(blobs) == [blob()]


async def test_discard_spares_a_blob_that_came_while_it_asked(blobs: Blobs, index: Index) -> None:
    """Lessons #17: sealed, committed and settled between the question and the unlink."""
    await store(blobs, index)
    index.rows.discard(SHA)
    index.answer.clear()
    discarding = asyncio.create_task(blobs.discard([SHA]))
    await index.asked.wait()
    await store(blobs, index)
    index.answer.set()
    await discarding
    assert files(blobs) == [blob()]


async def test_discard_spares_a_blob_settled_while_it_asked(blobs: Blobs, index: Index) -> None:
    async with blobs.writer() as writer:
        await writer.write(DATA)
        await writer.seal()
        index.answer.clear()
        discarding = asyncio.create_task(blobs.discard([SHA]))
        await index.asked.wait()
        index.rows.add(SHA)
        await writer.settle()
    index.answer.set()
    await discarding
    assert files(blobs) == [blob()]


async def test_two_discards_at_once_do_not_spare_each_other(blobs: Blobs, index: Index) -> None:
    await store(blobs, index)
    index.answer.clear()
    early = asyncio.create_task(blobs.discard([SHA]))  # finds it in use
    await index.asked.wait()
    index.asked.clear()
    index.rows.discard(SHA)
    late = asyncio.create_task(blobs.discard([SHA]))  # finds it free
    await index.asked.wait()
    index.answer.set()
    await asyncio.gather(early, late)
    assert files(blobs) == []


async def test_settle_restores_a_blob_that_vanished(blobs: Blobs, index: Index) -> None:
    async with blobs.writer() as writer:
        await writer.write(DATA)
        await writer.seal()
        blobs.path(SHA).unlink()
        index.rows.add(SHA)
        await writer.settle()
    assert files(blobs) == [blob()]


# -- damage


async def test_open_of_what_is_not_there(blobs: Blobs) -> None:
    assert await blobs.open(SHA, 5) is None


async def test_open_of_another_size(blobs: Blobs, index: Index) -> None:
    await store(blobs, index)
    assert await blobs.open(SHA, len(DATA) + 1) is None


async def test_a_damaged_blob_is_set_aside(blobs: Blobs, index: Index) -> None:
    """Lessons #17: a damaged blob is fetched again, not served and not a 500."""
    await store(blobs, index)
    path = blobs.path(SHA)
    path.write_bytes(b"X" + DATA[1:])
    again = Blobs(blobs.root, index.in_use)  # another process
    assert await again.open(SHA, len(DATA)) is None
    assert files(blobs) == [f"damaged/{SHA}"]
    await store(again, index)
    assert content(await again.open(SHA, len(DATA))) == DATA


async def test_a_blob_changed_behind_our_back_is_hashed_again(blobs: Blobs, index: Index) -> None:
    await store(blobs, index)
    path = blobs.path(SHA)
    path.write_bytes(b"X" + DATA[1:])
    os.utime(path, ns=(1, 1))
    assert await blobs.open(SHA, len(DATA)) is None


async def test_a_truncated_blob_is_replaced_by_the_next_writer(blobs: Blobs, index: Index) -> None:
    await store(blobs, index)
    blobs.path(SHA).write_bytes(DATA[:5])
    await store(blobs, index)
    assert blobs.path(SHA).read_bytes() == DATA
    assert files(blobs) == [blob()]


def test_paths_take_only_digests(blobs: Blobs) -> None:
    for wrong in ("", "ab", "../" * 30, SHA.upper(), SHA + "\n"):
        with pytest.raises(ValueError, match="not a sha256"):
            blobs.path(wrong)


# -- kill -9, in every state: the files that each step leaves, then a new process


def leave(blobs: Blobs, *names: str) -> None:
    first: Path | None = None
    for name in names:
        path = blobs.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if first is None:
            path.write_bytes(DATA)
            first = path
        else:
            os.link(first, path)


@pytest.mark.parametrize(
    ("left", "row", "expected"),
    [
        (["incoming/0a"], False, []),
        (["incoming/0a"], True, []),
        ([f"incoming/0a.{SHA}"], False, []),
        ([f"incoming/0a.{SHA}", blob()], False, []),
        ([f"incoming/0a.{SHA}", blob()], True, [blob()]),
        ([blob()], True, [blob()]),
        ([f"incoming/0a.{SHA}"], True, [blob()]),  # its older blob was lost: healed
        ([f"incoming/0a.{SHA}", f"incoming/0b.{SHA}", blob()], False, []),
        ([f"incoming/0a.{SHA}", "incoming/0a0", blob()], True, [blob()]),
        (["incoming/0a.notasha"], False, []),
    ],
)
async def test_sweep(
    blobs: Blobs, index: Index, left: list[str], row: bool, expected: list[str]
) -> None:
    """Lessons #4, and kill -9 at any point: no row without bytes, nothing left behind."""
    leave(blobs, *left)
    if row:
        index.rows.add(SHA)
    await blobs.sweep()
    assert files(blobs) == expected


async def test_sweep_of_a_new_data_directory(blobs: Blobs) -> None:
    assert await blobs.sweep() == 0


# -- a disk that refuses


@pytest.fixture
def failing_write(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", fail)


@pytest.mark.usefixtures("failing_write")
@pytest.mark.parametrize("amount", [10, 300_000])
async def test_a_full_disk_is_told_and_leaves_nothing(blobs: Blobs, amount: int) -> None:
    with pytest.raises(Storage, match="no space left") as caught:
        await seal(blobs, bytes(amount))
    assert caught.value.full
    assert files(blobs) == []


@pytest.mark.parametrize("call", ["link", "fsync", "rename"])
async def test_a_disk_that_fails_while_sealing_leaves_nothing(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async with blobs.writer() as writer:
        await writer.write(DATA)
        with monkeypatch.context() as patched:
            patched.setattr(os, call, fail)
            with pytest.raises(Storage, match="check the disk") as caught:
                await writer.seal()
    assert not caught.value.full
    assert files(blobs) == []


async def test_check_writable(blobs: Blobs, tmp_path: Path) -> None:
    await blobs.check_writable()
    assert files(blobs) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Storage, match="cannot be written to"):
        await Blobs(tmp_path / "file", blobs._in_use).check_writable()


async def test_a_lost_folder_is_made_again(blobs: Blobs, index: Index) -> None:
    await store(blobs, index)
    shutil.rmtree(blobs.root)
    await store(blobs, index)
    assert files(blobs) == [blob()]


@pytest.fixture
def synced(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was synced by name, relative to the root."""
    found: list[str] = []
    monkeypatch.setattr(
        blobs_module, "sync", lambda path: found.append(str(path.relative_to(blobs.root)))
    )
    return found


async def test_every_name_is_synced_and_folders_only_once(
    blobs: Blobs, index: Index, synced: list[str]
) -> None:
    """A name survives a power cut if the folder that has it was synced after it came."""
    for data, *above in ((b"one", "blobs", "."), (b"two", "blobs")):
        synced.clear()
        folder = Path(blob((await store(blobs, index, data)).sha256)).parent
        assert synced == [str(folder), str(folder.parent), *above]


async def test_what_can_be_had_again_waits_for_no_disk(
    blobs: Blobs, index: Index, synced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files_synced: list[int] = []
    monkeypatch.setattr(os, "fsync", files_synced.append)

    async def write(data: bytes, *, durable: bool) -> None:
        async with blobs.writer(durable=durable) as writer:
            await writer.write(data)
            index.rows.add((await writer.seal()).sha256)
            await writer.settle()

    await write(DATA, durable=False)
    assert (synced, files_synced) == ([], [])
    await write(DATA, durable=True)  # the same bytes, which must stay now
    assert synced[:2] == [blob(), str(Path(blob()).parent)]
    assert len(files_synced) == 1
    monkeypatch.setattr(writing_module, "VERIFY_LIMIT", 10)
    await write(b"too long to be looked at", durable=False)
    assert len(files_synced) == 2
