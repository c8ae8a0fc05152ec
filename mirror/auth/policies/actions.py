"""Which policies have a say in an action (auth-and-policy §5.1, §6). Pure."""

from typing import NamedTuple

from mirror.errors import Invalid


class LookedAt(NamedTuple):
    """The resource policies that are evaluated for an action; identity policies always are.

    `repository` means the policy of the repository that is, or holds, the resource.
    """

    domain: bool
    repository: bool


# Tags: the repository's policy where the tagged resource is a repository.
_CLASSES = {
    LookedAt(domain=False, repository=False): """
        CreateDomain ListDomains ListRepositories PutDomainPermissionsPolicy
    """,
    LookedAt(domain=True, repository=False): """
        CreatePackageGroup CreateRepository DeleteDomain DeleteDomainPermissionsPolicy
        DeletePackageGroup DescribeDomain DescribePackageGroup GetAssociatedPackageGroup
        GetAuthorizationToken GetDomainPermissionsPolicy ListAllowedRepositoriesForGroup
        ListAssociatedPackages ListPackageGroups ListRepositoriesInDomain ListSubPackageGroups
        PutRepositoryPermissionsPolicy UpdatePackageGroup UpdatePackageGroupOriginConfiguration
    """,
    LookedAt(domain=True, repository=True): """
        AssociateExternalConnection AssociateWithDownstreamRepository CopyPackageVersions
        DeletePackage DeletePackageVersions DeleteRepository DeleteRepositoryPermissionsPolicy
        DescribePackage DescribePackageVersion DescribeRepository DisassociateExternalConnection
        DisposePackageVersions GetPackageVersionAsset GetPackageVersionReadme
        GetRepositoryEndpoint GetRepositoryPermissionsPolicy ListPackageVersionAssets
        ListPackageVersionDependencies ListPackageVersions ListPackages ListTagsForResource
        PublishPackageVersion PutPackageMetadata PutPackageOriginConfiguration
        ReadFromRepository TagResource UntagResource UpdatePackageVersionsStatus UpdateRepository
    """,
}

CREATE_REPOSITORY = "codeartifact:CreateRepository"
GET_TOKEN = "codeartifact:GetAuthorizationToken"  # noqa: S105 - the name of an action
GET_BEARER_TOKEN = "sts:GetServiceBearerToken"  # noqa: S105 - the name of an action

OF_THE_ACCOUNT = frozenset(
    {
        "codeartifact:CreateDomain",
        "codeartifact:ListDomains",
        "codeartifact:ListRepositories",
        GET_BEARER_TOKEN,
    }
)
"""What a caller does in its own account, where nobody else's permission is needed."""

ACTIONS = {
    f"codeartifact:{name}": looked_at
    for looked_at, names in _CLASSES.items()
    for name in names.split()
} | {GET_BEARER_TOKEN: LookedAt(domain=False, repository=False)}
"""Every action that may be asked about, in the order and spelling of the API."""


def looked_at(action: str) -> LookedAt:
    """The resource policies to ask about an action; raises `Invalid` for one that is unknown.

    A policy that an action is to repair has no say in it: that prevents lock-outs. What
    resource policies say of `sts:GetServiceBearerToken` has no effect.
    """
    try:
        return ACTIONS[action]
    except KeyError:
        raise Invalid(f"there is no action {action[:100]!r}") from None
