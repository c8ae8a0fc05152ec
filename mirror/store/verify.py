"""Does the blob folder hold what the index says, and nothing else? For `mirror verify`."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mirror.store.blobs import MARKER, SHA256, Blobs


class Trouble(StrEnum):
    """What is wrong with a file of the blob store."""

    MISSING = "missing"
    DAMAGED = "damaged"
    ORPHANED = "orphaned"
    ASIDE = "set aside"

    @property
    def failure(self) -> bool:
        """Whether it counts; files set aside earlier are only mentioned."""
        return self is not Trouble.ASIDE


@dataclass(frozen=True, slots=True)
class Finding:
    """One file that is not as it should be; `detail` says how."""

    trouble: Trouble
    path: Path
    detail: str


Progress = Callable[[int, int], None]
"""Told, after each blob, how many blobs and how many bytes were checked so far."""


def verify(
    blobs: Blobs,
    expected: Iterable[tuple[str, int]],
    progress: Progress = lambda _blobs, _bytes: None,
) -> Iterator[Finding]:
    """Findings, as they are made. `expected` are the index's (sha256, size). Changes nothing.

    Blocks on the disk: run it in a thread or a process of its own. It may run beside a serving
    mirror if `expected` is read lazily: the folder is listed first, the markers second, the rows
    last, so a blob that arrives meanwhile has either its marker or its row.
    """
    unexplained = {path.name: path for path in _files(blobs.root / "blobs", depth=3)}
    for path in _files(blobs.incoming, depth=1):
        if marker := MARKER.match(path.name):
            unexplained.pop(marker[1], None)
    read = 0
    for count, (sha256, size) in enumerate(expected, start=1):
        path = blobs.path(sha256)
        unexplained.pop(sha256, None)
        finding = _check(path, sha256, size)
        if finding is not None:
            yield finding
        read += size
        progress(count, read)
    for name, path in sorted(unexplained.items()):
        # Gone by now: it was abandoned or collected since we listed the folder.
        if path.exists():
            kind = "no row refers to it" if SHA256.match(name) else "not a blob's name"
            yield Finding(Trouble.ORPHANED, path, kind)
    for path in sorted(_files(blobs.root / "damaged", depth=1)):
        yield Finding(Trouble.ASIDE, path, "did not match its name when it was last read")


def _check(path: Path, sha256: str, size: int) -> Finding | None:
    try:
        with path.open("rb") as content:
            found = path.stat().st_size
            if found != size:
                return Finding(Trouble.DAMAGED, path, f"has {found} bytes instead of {size}")
            actual = hashlib.file_digest(content, "sha256").hexdigest()
    except FileNotFoundError:
        return Finding(Trouble.MISSING, path, "the index refers to it, but it is not there")
    except OSError as error:
        return Finding(Trouble.DAMAGED, path, f"cannot be read: {error.strerror}")
    if actual != sha256:
        return Finding(Trouble.DAMAGED, path, f"its bytes have the sha256 {actual}")
    return None


def _files(folder: Path, depth: int) -> Iterator[Path]:
    if folder.is_dir():
        for path in folder.iterdir():
            if depth > 1 and path.is_dir():
                yield from _files(path, depth - 1)
            else:
                yield path
