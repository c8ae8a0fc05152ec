"""The heavy work on documents, as functions that a thread or a worker process can run.

They read files by path and are otherwise pure: the same files give the same bytes.
"""

import gzip
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mirror.codings import PIECE, decode, unpacked
from mirror.errors import Misbehaved, NotFound
from mirror.formats import FORMATS
from mirror.formats.intents import ReadPackage
from mirror.model import Package
from mirror.repositories import listings
from mirror.repositories.chain import Step
from mirror.repositories.merging import Holding, merge
from mirror.repositories.origins import Source

IN_MEMORY = 16 * 1024
"""Bytes up to which a body stays in memory; sendfile of an open file is cheaper beyond."""

LISTING = 1 << 20
"""The same for listings, which nobody sends: they are handed on to be stored."""

COMPRESSIBLE = 1024
"""Bytes from which on gzip pays."""

SUPPLEMENT = 32 * 1024 * 1024
"""Bytes of a supplement, unpacked; pypi.org's largest have 13 MB."""

Spilled = bytes | Path
"""A body: the bytes, or a temporary file that the receiver opens and unlinks."""


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """An upstream document on disk, in the content coding that the upstream sent.

    `location` is where it came from after redirects.
    """

    path: Path
    encoding: str
    location: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """All that a document is made of. `listings` maps a connection to its listing's file.

    `supplement` is what an upstream adds to the view, where it does.
    """

    intent: ReadPackage
    base: str
    steps: Sequence[Step]
    sources: Sequence[Source]
    holdings: Mapping[int, Holding]
    listings: Mapping[str, Path]
    spill: Path
    supplement: DocumentFile | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """A rendered document. `gzip` is None where compression does not pay; `tag` names the bytes."""

    content_type: str
    tag: str
    identity: Spilled
    gzip: Spilled | None


def decoded(document: DocumentFile, limit: int) -> bytes:
    """The document's bytes without content coding, at most `limit` of them.

    Raises `Misbehaved` for a broken coding and for a document that unpacks to more.
    """
    with document.path.open("rb") as file:
        try:
            return decode(iter(partial(file.read, PIECE), b""), document.encoding, limit)
        except ValueError as error:
            raise Misbehaved(f"the upstream's document cannot be read: {error}") from error


def unpacked_size(documents: Sequence[DocumentFile], limit: int) -> int:
    """Bytes without content coding, counted in little memory and no further than `limit` each.

    The sizes on disk say nothing: a hundred megabytes of JSON may come as a gzip of a hundred KB.
    """
    total = 0
    for document in documents:
        size = 0
        # `decoded` says what is wrong.
        with document.path.open("rb") as file, suppress(ValueError):
            for piece in unpacked(iter(partial(file.read, IN_MEMORY), b""), document.encoding):
                size += len(piece)
                if size > limit:
                    break
        total += size
    return total


def read_listing(
    package: Package, documents: Sequence[DocumentFile], limit: int, spill: Path
) -> Spilled:
    """The listing file (`listings.encode`) of what an upstream's documents say.

    Raises `Misbehaved` for documents that cannot be true and `NotFound` for a package without a
    version: neither may replace what is known (bandersnatch#140). A withdrawn package has none, and
    does replace it.
    """
    found = FORMATS[package.format].read(
        package, [decoded(each, limit) for each in documents], [each.location for each in documents]
    )
    if not found.versions and not found.withdrawn:
        raise NotFound("package", str(package), f"the upstream lists no version of {package}")
    return _spill(listings.encode(found), spill, LISTING)


def compose(job: Job, known: str | None = None) -> Composed:
    """Merge the sources and render the view asked for, plain and compressed.

    Without the bytes (they are empty) where these are those whose tag is `known`: most of what
    changes in a package is a version retained as it was listed, which no view shows. Raises `NotFound` where nothing is shown, or not the version that the intent names.
    """
    package = job.intent.package
    merged = merge(
        FORMATS[package.format],
        package,
        job.steps,
        job.sources,
        job.holdings,
        {
            connection: listings.decode(package, path.read_bytes())
            for connection, path in job.listings.items()
        },
    )
    supplement = b"" if job.supplement is None else _supplement(job.supplement)
    rendering = FORMATS[package.format].render(job.intent, merged.listing, job.base, supplement)
    body = rendering.body
    tag = hashlib.sha256(body).hexdigest()[:32]
    if tag == known:
        return Composed(rendering.content_type, tag, identity=b"", gzip=None)
    packed = gzip.compress(body, 6, mtime=0) if len(body) >= COMPRESSIBLE else None
    return Composed(
        content_type=rendering.content_type,
        tag=tag,
        identity=_spill(body, job.spill),
        gzip=None if packed is None else _spill(packed, job.spill),
    )


def _supplement(document: DocumentFile) -> bytes:
    try:
        return decoded(document, SUPPLEMENT)
    except Misbehaved:  # the view says less without it, and all that matters
        return b""


def _spill(body: bytes, folder: Path, in_memory: int = IN_MEMORY) -> Spilled:
    if len(body) <= in_memory:
        return body
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="render-", delete=False) as file:
            path = Path(file.name)
            file.write(body)
    except OSError:  # a full disk must not keep us from answering: memory will do
        with suppress(OSError, UnboundLocalError):
            path.unlink()
        return body
    return path
