"""Content-addressed files, each stored once under its SHA-256.

    root/
      blobs/ab/cd/<sha256>         the bytes; complete and synced whenever the name exists
      incoming/<random>            being written
      incoming/<random>.<sha256>   a marker: a second name of a blob whose rows are not sure yet
      damaged/<sha256>             bytes that no longer match their name, set aside

A blob's life: write `incoming/<random>`; sync; rename it to its marker; hard-link the marker to
its place; sync the folder; (the caller commits rows); unlink the marker. Whichever step a crash
interrupts, `sweep` finds either a plain temporary file, or a marker whose rows exist (keep the
blob) or do not (remove it). So there is never a row without bytes, and nothing is left behind.
"""

import contextlib
import hashlib
import os
import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from mirror.errors import Storage
from mirror.model import Digests
from mirror.store.files import OpenFile, hop, on_disk, storage_error, sync
from mirror.store.writing import ALGORITHMS, VERIFY_LIMIT, BlobWriter

REMEMBERED = 16_384
"""How many verified blobs are remembered (some 5 MB of memory)."""

SHA256 = re.compile(r"[0-9a-f]{64}\Z")
MARKER = re.compile(r"[0-9a-f]+\.([0-9a-f]{64})\Z")

InUse = Callable[[str], Awaitable[bool]]
"""Whether a row of the index refers to this sha256."""


class Blobs:
    """The blob store below `root`. One process at a time may write to it.

    `in_use` is asked before a blob is removed; it must see every committed row.
    All members raise `Storage` when the disk refuses.
    """

    def __init__(self, root: Path, in_use: InUse) -> None:
        self.root = root
        self.incoming = root / "incoming"
        self._in_use = in_use
        self._verified: OrderedDict[tuple[str, int, int, int], None] = OrderedDict()
        # The lock guards pins, condemnations and names in blobs/; it is held for a few system
        # calls at most, never while hashing or syncing.
        self._lock = threading.Lock()
        self._pins: Counter[str] = Counter()
        self._safe: set[Path] = set()
        self._condemned: dict[str, set[object]] = {}

    def path(self, sha256: str) -> Path:
        """Where a blob lives; `ValueError` for what is no lower-case SHA-256."""
        if not SHA256.match(sha256):
            raise ValueError(f"not a sha256: {sha256!r}")
        return self.root / "blobs" / sha256[:2] / sha256[2:4] / sha256

    def damaged(self, sha256: str) -> Path:
        """Where a blob goes whose bytes no longer match its name."""
        return self.root / "damaged" / self.path(sha256).name

    def writer(self, *, durable: bool = True, algorithms: Sequence[str] = ALGORITHMS) -> BlobWriter:
        """A new blob: `async with blobs.writer() as writer`; see `BlobWriter`."""
        return BlobWriter(self, durable=durable, algorithms=algorithms)

    async def open(self, sha256: str, size: int) -> OpenFile | None:
        """The blob, or None when it is missing, of another size, or damaged: fetch it again.

        The first opening in this process hashes it (up to `VERIFY_LIMIT` bytes).
        """
        return await hop(self._open, sha256, size)

    async def discard(self, sha256s: Iterable[str]) -> None:
        """Remove blobs whose rows were deleted, unless some row or writer relies on them.

        Call it after the deletion is committed.
        """
        for sha256 in set(sha256s):
            # A writer may bring the same bytes at any moment. Ask-then-unlink alone would lose
            # them: it could seal, commit its row and settle between our question and our unlink.
            # So a blob is condemned first; sealing or settling it reprieves it; and it is
            # unlinked, under the lock, only while condemned and pinned by nobody. A row that
            # was committed before the condemnation is seen by `in_use`, one committed later
            # has its `settle` later too. Each call has a sentence of its own, so that one that
            # finds the blob in use does not lift another's, passed after the row went.
            sentence = object()
            with self._lock:
                self._condemned.setdefault(sha256, set()).add(sentence)
            try:
                if not await self._in_use(sha256):
                    await hop(self._execute, sha256, sentence)
            finally:
                with self._lock:
                    self._condemned.get(sha256, set()).discard(sentence)
                    if not self._condemned.get(sha256, True):
                        del self._condemned[sha256]

    async def sweep(self) -> int:
        """Clean up after a crash, before anything is written; how many left-overs it found."""
        removed = 0
        for path in await hop(self._left_over):
            marker = MARKER.match(path.name)
            if marker is None:
                await hop(self._remove, path)
            elif await self._in_use(marker[1]):
                await hop(self._keep, path, marker[1])
            else:
                await hop(self._remove, self.path(marker[1]), path)
            removed += 1
        return removed

    async def check_writable(self) -> None:
        """Raise `Storage`, saying what to do, unless blobs can be written here."""
        await hop(self._probe)

    # -- for writers; these run in worker threads

    def pin(self, sha256: str) -> None:
        """From now on until `unpin`, nobody removes this blob."""
        with self._lock:
            self._pins[sha256] += 1
            self._condemned.pop(sha256, None)

    def unpin(self, sha256: str, *, reprieve: bool) -> None:
        with self._lock:
            self._pins[sha256] -= 1
            if self._pins[sha256] <= 0:
                del self._pins[sha256]
            if reprieve:
                self._condemned.pop(sha256, None)

    def place(self, marker: Path, digests: Digests, *, durable: bool) -> None:
        """Give a marker's bytes their blob's name, for good."""
        path = self.path(digests.sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        known = False
        with self._lock:
            try:
                os.link(marker, path)
            except FileExistsError:
                known = True
                if path.stat().st_size != digests.size:
                    # Cut short by a broken disk or a careless copy: replace it in one step.
                    spare = marker.with_name(f"{marker.stem}0")
                    os.link(marker, spare)
                    spare.replace(path)
                    self._remember(digests.sha256, path.stat())
            else:
                self._remember(digests.sha256, path.stat())
        if durable:
            # Whoever gave the name before may not have come this far, or not have wanted to. The
            # same goes for the folders above, which therefore count as safe only once we synced
            # them.
            if known:
                sync(path)
            sync(path.parent)
            self._secure(path.parent)

    def _secure(self, folder: Path) -> None:
        """Make sure, once, that a folder's own name survives, and those of the folders above."""
        if folder in self._safe or folder == self.root:
            return
        sync(folder.parent)
        self._secure(folder.parent)
        self._safe.add(folder)

    # -- in worker threads

    def _open(self, sha256: str, size: int) -> OpenFile | None:
        path = self.path(sha256)
        try:
            file = OpenFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC), size)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(error, path) from error
        with on_disk(path):
            found = os.fstat(file.fileno())
            if found.st_size != size:
                return None
            key = (sha256, found.st_ino, found.st_mtime_ns, found.st_size)
            if size <= VERIFY_LIMIT and key not in self._verified:
                with open(file.fileno(), "rb", buffering=0, closefd=False) as content:
                    actual = hashlib.file_digest(content, "sha256").hexdigest()
                if actual != sha256:
                    self._set_aside(path, sha256, found.st_ino)
                    return None
                with self._lock:
                    self._remember(sha256, found)
        return file

    def _set_aside(self, path: Path, sha256: str, inode: int) -> None:
        aside = self.damaged(sha256)
        aside.parent.mkdir(exist_ok=True)
        with self._lock, contextlib.suppress(FileNotFoundError):
            # Good bytes may have been put in its place while we were hashing the bad ones.
            if path.stat().st_ino == inode:
                path.replace(aside)

    def _remember(self, sha256: str, found: os.stat_result) -> None:
        self._verified[(sha256, found.st_ino, found.st_mtime_ns, found.st_size)] = None
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)

    def _execute(self, sha256: str, sentence: object) -> None:
        path = self.path(sha256)
        with self._lock, on_disk(path):
            if sentence in self._condemned.get(sha256, ()) and not self._pins[sha256]:
                path.unlink(missing_ok=True)

    def _left_over(self) -> list[Path]:
        with on_disk(self.incoming):
            return sorted(self.incoming.iterdir()) if self.incoming.is_dir() else []

    def _remove(self, *paths: Path) -> None:
        for path in paths:
            with on_disk(path):
                path.unlink(missing_ok=True)

    def _keep(self, marker: Path, sha256: str) -> None:
        path = self.path(sha256)
        with on_disk(path):
            # The marker's bytes are whole: it got its name after they were synced, or they will
            # be looked at when the blob is opened.
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.link(marker, path)
            marker.unlink()

    def _probe(self) -> None:
        probe = self.incoming / f"probe_{os.getpid()}_{threading.get_ident()}"
        second = probe.with_name(f"{probe.name}_link")
        try:
            for folder in (self.incoming, self.root / "blobs"):
                folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"?")
            os.link(probe, second)
        except OSError as error:
            raise Storage(
                f"the data directory {self.root} cannot be written to:"
                f" {storage_error(error, probe)}",
                full=storage_error(error, probe).full,
            ) from error
        finally:
            with contextlib.suppress(OSError):
                probe.unlink(missing_ok=True)
                second.unlink(missing_ok=True)
