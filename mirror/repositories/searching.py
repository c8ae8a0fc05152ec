"""The walk of one request: which repositories and connections it looks at for a package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mirror.errors import NotFound
from mirror.model import OriginControls
from mirror.repositories.chain import Step, search_order
from mirror.repositories.origins import Source, sources
from mirror.store.changes import Changes
from mirror.store.domains import Domains, Repository, Topology
from mirror.upstream.connections import Connection


@dataclass(frozen=True, slots=True)
class Walk:
    """A repository's search order for one format."""

    repository: Repository
    steps: tuple[Step, ...]
    connections: Mapping[int, Connection]
    names: Mapping[int, str]

    @property
    def ids(self) -> list[int]:
        """The repositories of the walk, nearest first."""
        return [step.repository for step in self.steps]

    @property
    def nearest(self) -> Connection | None:
        """The first external connection that the walk meets."""
        return next(iter(self.connections.values()), None)

    def sources(self, controls: Mapping[int, OriginControls]) -> tuple[Source, ...]:
        """The places to look at for a package with these origin controls, with what is struck."""
        by_name = {repository: each.name for repository, each in self.connections.items()}
        return sources(self.steps, by_name, controls, self.names)

    def connection(self, source: Source) -> Connection:
        """The connection behind a source that has one."""
        return self.connections[source.repository]


class Search:
    """Walks, from a topology that is read again only after it changed."""

    def __init__(
        self,
        domains: Domains,
        changes: Changes,
        connections: Mapping[str, Connection],
        *,
        searched_upstreams: int,
    ) -> None:
        self._domains = domains
        self._changes = changes
        self._connections = connections
        self._limit = searched_upstreams
        self._topology = Topology()
        self._seen = -1
        self._walks: dict[tuple[int, str], Walk] = {}

    def known(self, domain: str, name: str) -> Repository:
        """As `repository`, but only from memory; `LookupError` where the index must be asked."""
        if self._seen != self._changes.everything:
            raise LookupError(name)
        return self._topology.find(domain, name)

    async def repository(self, domain: str, name: str) -> Repository:
        """The repository of that name; raises `NotFound`."""
        if self._seen != self._changes.everything:
            await self._refresh()
        return self._topology.find(domain, name)

    def walk(self, repository: Repository, format_name: str) -> Walk:
        """The search order from a repository; never empty."""
        known = self._walks.get((repository.id, format_name))
        if known is not None:
            return known
        steps = search_order(repository.id, self._topology.repositories, self._limit)
        if not steps:
            raise NotFound("repository", repository.name)
        members = [self._topology.repositories[step.repository] for step in steps]
        walk = Walk(
            repository=repository,
            steps=steps,
            connections=self._of_format(members, format_name),
            names={member.id: member.name for member in members},
        )
        self._walks[repository.id, format_name] = walk
        return walk

    def named(self, connection: str) -> Connection | None:
        """A connection by its name, None where the configuration no longer has it."""
        return self._connections.get(connection)

    def _of_format(self, members: Sequence[Repository], format_name: str) -> dict[int, Connection]:
        found: dict[int, Connection] = {}
        for member in members:
            connection = self._connections.get(member.connection or "")
            if connection is not None and connection.format == format_name:
                found[member.id] = connection
        return found

    async def _refresh(self) -> None:
        seen = self._changes.everything  # before reading: a change meanwhile is read next time
        self._topology = await self._domains.topology()
        self._walks.clear()
        self._seen = seen
