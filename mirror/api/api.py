"""Calls of operations, wherever they come from: checked, authorized, run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mirror.api.call import Call
from mirror.api.errors import OPERATION, Rejected
from mirror.api.operation import Operation
from mirror.api.services import Services
from mirror.api.table import BY_NAME
from mirror.store.users import Principal


class Api:
    """The operations over one installation."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, call: Call) -> Any:
        """Authorize and run a checked call; the response's members, or bytes on their way.

        The order of checks is §1's: a caller without the right does not learn what exists.
        """
        services, operation = self._services, call.operation
        services.rates.take(operation.name, call.principal.account)
        await services.access.refresh()
        await services.search.refresh()
        call = replace(call, conditions={**call.conditions, **_tags(call.input)})
        target = operation.resource(services, call)
        services.access.check(call.principal, operation.name, target, call.conditions)
        if call.input.get("tags") and operation.name.startswith("Create"):
            services.access.check(call.principal, "TagResource", target, call.conditions)
        return await operation.run(services, call)

    async def invoke(
        self, name: str, members: Mapping[str, Any], principal: Principal, address: str
    ) -> Any:
        """Run an operation by name for somebody in this process (the command line).

        `address` is where clients reach this server, for the addresses in answers.
        """
        operation = named(name)
        given = operation.check(members)
        return await self.call(
            Call(operation, given, principal, lambda path: address.rstrip("/") + path)
        )


def named(name: str) -> Operation:
    """The operation of that name; raises `Rejected`."""
    operation = BY_NAME.get(name)
    if operation is None:
        raise Rejected(f"there is no operation '{name}'", OPERATION)
    return operation


def _tags(given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The condition keys about the tags in a request (auth-and-policy §5.4)."""
    tags: Sequence[Mapping[str, str]] = given.get("tags", ())
    keys: tuple[str, ...] = (*(tag["key"] for tag in tags), *given.get("tagKeys", ()))
    found: dict[str, tuple[str, ...]] = {
        f"aws:requesttag/{tag['key']}".lower(): (tag["value"],) for tag in tags
    }
    return {**found, "aws:tagkeys": keys} if keys else found
