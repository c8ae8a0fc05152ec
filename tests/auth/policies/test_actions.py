"""Which resource policies have a say (the table of §5.1)."""

import pytest

from mirror.auth.policies.actions import ACTIONS, looked_at
from mirror.errors import Invalid


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("ListDomains ListRepositories CreateDomain", (False, False)),
        ("DescribeDomain DeleteDomain GetAuthorizationToken", (True, False)),
        ("ListRepositoriesInDomain GetDomainPermissionsPolicy", (True, False)),
        ("DeleteDomainPermissionsPolicy CreatePackageGroup ListPackageGroups", (True, False)),
        ("PutDomainPermissionsPolicy", (False, False)),
        ("CreateRepository", (True, False)),
        ("DescribeRepository ReadFromRepository UpdateRepository ListPackages", (True, True)),
        ("AssociateWithDownstreamRepository CopyPackageVersions", (True, True)),
        ("PublishPackageVersion PutPackageMetadata DisposePackageVersions", (True, True)),
        ("PutRepositoryPermissionsPolicy", (True, False)),
        ("GetRepositoryPermissionsPolicy DeleteRepositoryPermissionsPolicy", (True, True)),
        ("TagResource UntagResource ListTagsForResource", (True, True)),
    ],
)
def test_who_has_a_say(names, expected) -> None:
    for name in names.split():
        assert looked_at(f"codeartifact:{name}") == expected, name


def test_the_token_service_is_asked_of_identity_policies_only() -> None:
    """§3.1: in a resource policy the permission has no effect."""
    assert looked_at("sts:GetServiceBearerToken") == (False, False)


def test_every_operation_has_its_line() -> None:
    """The 48 of the API, and the three permissions that are no operations."""
    assert len([action for action in ACTIONS if action.startswith("codeartifact:")]) == 51


@pytest.mark.parametrize("action", ["ReadFromRepository", "codeartifact:Read", "s3:GetObject", ""])
def test_an_action_that_does_not_exist(action) -> None:
    with pytest.raises(Invalid, match="there is no action"):
        looked_at(action)
