"""Calling operations of the API: over HTTP, or in this process; the same answers and errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from mirror.errors import MirrorError

if TYPE_CHECKING:
    from mirror.app import Parts
    from mirror.config import Settings


class Operations(Protocol):
    """Operations by their names in the API, members by theirs; a member of None is absent."""

    async def call(self, operation: str, **members: Any) -> Any:
        """The answer's members; raises `OperationError`."""
        ...


class OperationError(MirrorError):
    """An operation's error as AWS words it: its `code`, and a sentence."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(
            f"An error occurred ({code}) when calling the {operation} operation: {message}"
        )
        self.code = code


async def everything(operations: Operations, operation: str, member: str, **members: Any) -> Any:
    """The answer of a list operation with all of its pages in one."""
    found: list[Any] = []
    while True:
        answer = await operations.call(operation, **members)
        found += answer[member]
        members["nextToken"] = answer.pop("nextToken", None)
        if members["nextToken"] is None:
            return {**answer, member: found}


class InProcess:
    """Over the data directory, as the root of its account; `address` is where clients reach it."""

    def __init__(self, parts: "Parts", address: str) -> None:
        self._parts = parts
        self._address = address

    async def call(self, operation: str, **members: Any) -> Any:
        """See `Operations`."""
        from mirror.api.errors import refusal
        from mirror.store.users import Principal

        root = Principal(0, self._parts.settings.account, "root", root=True)
        try:
            return await self._parts.api.invoke(operation, members, root, self._address)
        except MirrorError as error:
            told = orjson.loads(refusal(error).body)
            raise OperationError(operation, told["__type"], told["message"]) from error


@asynccontextmanager
async def in_this_process(settings: "Settings", address: str) -> AsyncIterator[Operations]:
    """`InProcess` over the data directory of these settings."""
    from mirror.app import assembled

    async with assembled(settings) as parts:
        yield InProcess(parts, address)
