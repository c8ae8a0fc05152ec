"""May this principal do that? The one place that every request passes.

Identity, repository and domain policies will be evaluated here (auth-and-policy §5); for now,
reading may be anonymous and every named user may do everything.
"""

from typing import Literal

from mirror.errors import Refused, Unauthenticated
from mirror.model import Package
from mirror.store.domains import Repository
from mirror.store.users import Principal

READ = "ReadFromRepository"
PUBLISH = "PublishPackageVersion"
PUT_METADATA = "PutPackageMetadata"
DELETE = "DeletePackageVersions"


class Access:
    """Decides by action, repository and package."""

    def __init__(self, anonymous: Literal["read", "none"]) -> None:
        self._anonymous_read = anonymous == "read"

    def enter(self, principal: Principal | None) -> None:
        """Raise `Unauthenticated` where strangers may not even learn which repositories exist."""
        if principal is None and not self._anonymous_read:
            raise Unauthenticated("this server needs a token", presented=False)

    def check(
        self,
        principal: Principal | None,
        action: str,
        repository: Repository,
        package: Package | None = None,
    ) -> None:
        """Raise `Unauthenticated` or `Refused`, with the reason, unless it is allowed."""
        if principal is None:
            if action == READ and self._anonymous_read:
                return
            raise Unauthenticated(
                f"{action} on repository '{repository.name}' needs a token: "
                "make one with 'mirror token create'",
                presented=False,
            )
        if principal.read_only and action != READ:
            raise Refused(
                f"{principal.arn} is not authorized to perform codeartifact:{action} on "
                f"{package or repository.name}: its token is read-only"
            )
