"""What the handlers of the operations work with."""

from dataclasses import dataclass

from mirror.api.pagination import Pager
from mirror.api.quotas import Rates
from mirror.arns import Arns
from mirror.auth.access import Access
from mirror.repositories.amending import Amender
from mirror.repositories.assets import AssetReader
from mirror.repositories.copying import Copier
from mirror.repositories.documents import DocumentReader
from mirror.repositories.gathering import Gatherer
from mirror.repositories.publishing import Publisher
from mirror.repositories.searching import Search
from mirror.repositories.statuses import Statuses
from mirror.store.blobs import Blobs
from mirror.store.catalogue import Catalogue
from mirror.store.database import Database
from mirror.store.groups import Groups
from mirror.store.packages import Packages
from mirror.store.purging import Purge
from mirror.store.tokens import Tokens
from mirror.store.users import Users


@dataclass(frozen=True, slots=True)
class Quotas:
    """CodeArtifact's own limits (API contract §18), as the configuration has them."""

    domains_per_account: int = 10
    repositories_per_domain: int = 1000
    direct_upstreams: int = 10
    assets_per_version: int = 150
    asset_size: int = 5 * 2**30


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of the mirror below the API, put together by `app`.

    `account` is the installation's own, whose domains need no owner in addresses.
    """

    account: str
    database: Database
    packages: Packages
    catalogue: Catalogue
    search: Search
    groups: Groups
    documents: DocumentReader
    assets: AssetReader
    publisher: Publisher
    amender: Amender
    statuses: Statuses
    gatherer: Gatherer
    copier: Copier
    blobs: Blobs
    purge: Purge
    users: Users
    tokens: Tokens
    access: Access
    arns: Arns
    pager: Pager
    quotas: Quotas
    rates: Rates
