"""The walk of one request: which repositories and connections it looks at for a package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mirror.errors import NotFound
from mirror.formats import FORMATS
from mirror.model import OriginControls, Package, PackageGroup
from mirror.repositories.chain import Node, Step, search_order
from mirror.repositories.groups.tree import Tree
from mirror.repositories.origins import (
    ALL_RIGHTS,
    GroupRights,
    Plan,
    Source,
    barred,
    sources,
)
from mirror.store.changes import Changes
from mirror.store.domains import Domain, Domains, Repository, Topology
from mirror.store.groups import Groups
from mirror.upstream.connections import Connection


@dataclass(frozen=True, slots=True)
class Walk:
    """A repository's search order for one format."""

    repository: Repository
    steps: tuple[Step, ...]
    connections: Mapping[int, Connection]
    names: Mapping[int, str]
    groups: Tree
    _repositories: Mapping[int, Node]
    _limit: int

    @property
    def ids(self) -> list[int]:
        """The repositories of the walk, nearest first."""
        return [step.repository for step in self.steps]

    @property
    def nearest(self) -> Connection | None:
        """The first external connection that the walk meets."""
        return next(iter(self.connections.values()), None)

    def rights(self, package: Package) -> GroupRights:
        """What the package's group grants the repository that was asked."""
        return self.groups.rights(package, self.repository.id)

    def plan(self, package: Package, controls: Mapping[int, OriginControls]) -> Plan:
        """The places to look at for a package with these origin controls, with what is struck."""
        blocked = barred(controls)
        steps = self.steps
        if blocked:
            steps = search_order(self.repository.id, self._repositories, self._limit, blocked)
        rights = {id_: self.groups.rights(package, id_) for id_ in self.names}
        by_name = {repository: each.name for repository, each in self.connections.items()}
        return Plan(steps, sources(steps, self.steps, by_name, blocked, self.names, rights))

    def connection(self, source: Source) -> Connection:
        """The connection behind a source that has one."""
        return self.connections[source.repository]


class Search:
    """Walks, from a topology that is read again only after it changed."""

    def __init__(
        self,
        domains: Domains,
        groups: Groups,
        changes: Changes,
        connections: Mapping[str, Connection],
        *,
        account: str,
        searched_upstreams: int,
    ) -> None:
        self._domains = domains
        self._groups = groups
        self._changes = changes
        self._connections = connections
        self._account = account
        self._limit = searched_upstreams
        self._topology = Topology()
        self._trees: dict[int, Tree] = {}
        self._seen = -1
        self._walks: dict[tuple[int, str], Walk] = {}

    @property
    def connections(self) -> Mapping[str, Connection]:
        """Every external connection that the configuration knows, by name."""
        return self._connections

    def known(self, domain: str, name: str, owner: str = "") -> Repository:
        """As `repository`, but only from memory; `LookupError` where the index must be asked."""
        if self._seen != self._changes.everything:
            raise LookupError(name)
        return self._topology.find(owner or self._account, domain, name)

    async def repository(self, domain: str, name: str, owner: str = "") -> Repository:
        """The repository of that name, in a domain of the installation's own account where no
        owner is given; raises `NotFound`.
        """
        await self.refresh()
        return self._topology.find(owner or self._account, domain, name)

    def domain(self, owner: str, name: str) -> Domain:
        """A domain, as `refresh` last read it; raises `NotFound`."""
        return self._topology.domain(owner, name)

    def administrator(self, owner: str, domain: str, name: str) -> str:
        """The account that administers a repository, empty where there is no such repository."""
        found = self._topology.names.get((owner, domain, name))
        return found.administrator if found is not None else ""

    def groups(self, owner: str, domain: str) -> Tree | None:
        """The package groups of a domain, None where there is no such domain."""
        found = self._topology.domains.get((owner, domain))
        return self.tree(found) if found is not None else None

    def tree(self, domain: Domain) -> Tree:
        """The package groups of a domain that there is."""
        return self._trees[domain.id]

    def rights(self, package: Package, repository: int) -> GroupRights:
        """What the package's group grants a repository."""
        found = self._topology.repositories.get(repository)
        if found is None:  # deleted meanwhile
            return ALL_RIGHTS
        return self._trees[found.domain_id].rights(package, repository)

    def walk(self, repository: Repository, format_name: str) -> Walk:
        """The search order from a repository; never empty, and no more than that repository for a
        format without upstreams.
        """
        known = self._walks.get((repository.id, format_name))
        if known is not None:
            return known
        repositories = self._topology.repositories
        beyond = FORMATS[format_name].upstreams
        limit = self._limit if beyond else 0
        steps = search_order(repository.id, repositories, limit)
        if not steps:
            raise NotFound("repository", repository.name)
        members = [repositories[step.repository] for step in steps]
        walk = Walk(
            repository=repository,
            steps=steps,
            connections=self._of_format(members, format_name) if beyond else {},
            names={member.id: member.name for member in members},
            groups=self._trees[repository.domain_id],
            _repositories=repositories,
            _limit=limit,
        )
        self._walks[repository.id, format_name] = walk
        return walk

    def named(self, connection: str) -> Connection | None:
        """A connection by its name, None where the configuration no longer has it."""
        return self._connections.get(connection)

    async def refresh(self) -> None:
        """Read repositories and groups again if any changed."""
        if self._seen == self._changes.everything:
            return
        seen = self._changes.everything  # before reading: a change meanwhile is read next time
        topology, groups = await self._domains.topology(), await self._groups.by_domain()
        while not groups.keys() >= {each.id for each in topology.domains.values()}:
            # A domain went between the two.
            topology, groups = await self._domains.topology(), await self._groups.by_domain()
        self._trees = {id_: self._tree(id_, each) for id_, each in groups.items()}
        self._topology = topology
        self._walks.clear()
        self._seen = seen

    def _tree(self, domain: int, groups: Sequence[PackageGroup]) -> Tree:
        """The tree that is there already, with all that it remembers, where no group changed."""
        known = self._trees.get(domain)
        return known if known is not None and known.groups == groups else Tree(groups)

    def _of_format(self, members: Sequence[Repository], format_name: str) -> dict[int, Connection]:
        found: dict[int, Connection] = {}
        for member in members:
            connection = self._connections.get(member.connection or "")
            if connection is not None and connection.format == format_name:
                found[member.id] = connection
        return found
