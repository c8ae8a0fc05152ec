"""One call of an operation on its way: who asks what, and how an answer leaves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from mirror.api.errors import FIELD, Rejected
from mirror.errors import Invalid
from mirror.formats import FORMATS
from mirror.model import Package
from mirror.store.users import Principal

if TYPE_CHECKING:
    from mirror.api.operation import Operation


@dataclass(frozen=True, slots=True)
class Call:
    """A checked call. `base` makes our own address of a path, as the caller sees us.

    `request` is there only for operations that stream; `conditions` are the request's own facts
    for policies (source address, transport), `id` names the request in logs and answers.
    """

    operation: "Operation"
    input: Mapping[str, Any]
    principal: Principal
    base: Callable[[str], str]
    id: str = ""
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    request: web.BaseRequest | None = None

    @property
    def owner(self) -> str:
        """The account of the domain: the caller's own where the call names none."""
        found: str = self.input.get("domainOwner") or self.principal.account
        return found

    @property
    def domain(self) -> str:
        """The domain's name."""
        found: str = self.input["domain"]
        return found

    @property
    def package(self) -> Package:
        """The package's canonical coordinates; raises `Rejected` where its format forbids them."""
        return canonical(
            self.input["format"], self.input.get("namespace", ""), self.input["package"]
        )


def canonical(format_name: str, namespace: str, name: str) -> Package:
    """Coordinates as the store has them (API contract §17).

    A format that this server does not speak yet holds no packages: its names are taken as given.
    """
    form = FORMATS.get(format_name)
    if form is None:
        return Package(format_name, namespace, name)
    try:
        return form.package(namespace, name)
    except Invalid as error:
        raise Rejected(str(error), FIELD) from error
