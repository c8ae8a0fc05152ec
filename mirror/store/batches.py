"""Several blobs that stay together or not at all."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from mirror.model import Digests
from mirror.store.blobs import Blobs
from mirror.store.writing import ALGORITHMS, BlobWriter, settle


class Batch:
    """Writers of one piece of work: `async with Batch(blobs) as batch`.

    What was sealed stays only if `keep` is reached, after the rows that refer to it are committed;
    leaving without it abandons all of them. `durable` and `algorithms` are `BlobWriter`'s.
    """

    def __init__(
        self, blobs: Blobs, *, durable: bool = True, algorithms: Sequence[str] = ALGORITHMS
    ) -> None:
        self._blobs = blobs
        self._durable = durable
        self._algorithms = algorithms
        self._writers: list[BlobWriter] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def writer(self) -> BlobWriter:
        """One more blob; the caller writes and seals it."""
        writer = await self._stack.enter_async_context(
            self._blobs.writer(durable=self._durable, algorithms=self._algorithms)
        )
        self._writers.append(writer)
        return writer

    async def add(self, content: bytes | Path) -> Digests:
        """One more blob, written and sealed; a path is that of a file for `BlobWriter.take`."""
        writer = await self.writer()
        if isinstance(content, bytes):
            await writer.write(content)
        else:
            await writer.take(content)
        return await writer.seal()

    async def keep(self) -> None:
        """The rows are committed: all of them stay."""
        if self._writers:
            await settle(self._writers)
