"""One request on its way through the endpoints, and what its log line will say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from mirror.endpoints.entity import Entity
from mirror.formats.intents import Reply
from mirror.store.domains import Repository
from mirror.store.users import Principal


@dataclass(slots=True, eq=False)
class Exchange:
    """Filled in as the request becomes known. `base` is the repository's own address, `facts` are
    what policies may ask about the request.
    """

    request: web.BaseRequest
    id: str
    format: str = ""
    kind: str = "other"
    repository_name: str = ""
    cache: str = ""
    principal: Principal | None = None
    base: str = ""
    repository: Repository | None = None
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def held(self) -> Repository:
        """The repository, once it was found."""
        if self.repository is None:
            raise RuntimeError("the repository is looked up before anything else")
        return self.repository


def entity_of(reply: Reply) -> Entity:
    """A format's small reply as something to send."""
    content_type = "application/octet-stream"
    rest: list[tuple[str, str]] = []
    cache_control = "no-store"
    for name, value in reply.headers.items():
        match name.lower():
            case "content-type":
                content_type = value
            case "cache-control":
                cache_control = value
            case _:
                rest.append((name, value))
    return Entity(
        content_type=content_type,
        status=reply.status,
        reason=reply.reason,
        cache_control=cache_control,
        headers=tuple(rest),
        body=reply.body,
    )
