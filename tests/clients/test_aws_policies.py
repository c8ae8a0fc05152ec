"""The User Guide's policies of repositories and domains with the real `aws`: set, read, deleted,
and each example document.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.clients.aws import ACCOUNT, Aws
from tests.clients.guide import ARN, DOMAIN, REPOSITORY, REVISION
from tests.clients.people import policy, says

pytestmark = [pytest.mark.client, pytest.mark.usefixtures("shelf")]

OTHERS = {"AWS": "arn:aws:iam::123456789012:root"}


def statement(*actions: str, effect: str = "Allow", **members: Any) -> dict[str, Any]:
    """A statement about the other account."""
    return says(effect, *actions, **{"Principal": OTHERS, **members})


READ = statement(
    "DescribePackageVersion",
    "DescribeRepository",
    "GetPackageVersionReadme",
    "GetRepositoryEndpoint",
    "ListPackages",
    "ListPackageVersions",
    "ListPackageVersionAssets",
    "ListPackageVersionDependencies",
    "ReadFromRepository",
)
USE = statement(
    "GetDomainPermissionsPolicy",
    "ListRepositoriesInDomain",
    "GetAuthorizationToken",
    "DescribeDomain",
    "CreateRepository",
    Sid="BasicDomainPolicy",
)
ORGANIZATION = statement(
    "GetAuthorizationToken",
    "DescribeDomain",
    Sid="DomainPolicyForOrganization",
    Principal="*",
    Condition={"StringEquals": {"aws:PrincipalOrgID": ["o-xxxxxxxxxxx"]}},
)
PACKAGES = f"{ARN}:package/my_domain/my_repo"

REPOSITORY_EXAMPLES = {
    "read": policy(statement("ReadFromRepository")),
    "more than reading": policy(READ),
    "to one user": policy(
        statement("ReadFromRepository", Principal={"AWS": "arn:aws:iam::123456789012:user/bob"})
    ),
    "publish one package": policy(
        statement("PublishPackageVersion", resource=f"{PACKAGES}/npm/parity/ui")
    ),
    "publish all": policy(statement("PublishPackageVersion", resource=f"{PACKAGES}/*")),
    "copy": policy(statement("CopyPackageVersions")),
}
DOMAIN_EXAMPLES = {
    "create repositories": policy(statement("CreateRepository")),
    "tokens": policy(statement("GetAuthorizationToken")),
    "use": policy(USE),
    "organization": {"Version": "2012-10-17", "Statement": ORGANIZATION},
}


def put(aws: Aws, kind: str, document: Mapping[str, Any]) -> str:
    """The command that sets a policy, from a file that is put there for it."""
    (aws.home / "policy.json").write_text(json.dumps(document, indent=2))
    where = DOMAIN if kind == "domain" else REPOSITORY
    return f"put-{kind}-permissions-policy {where} --policy-document file://policy.json"


@pytest.mark.parametrize(
    ("kind", "where", "arn", "examples"),
    [
        ("repository", REPOSITORY, f"{ARN}:repository/my_domain/my_repo", REPOSITORY_EXAMPLES),
        ("domain", DOMAIN, f"{ARN}:domain/my_domain", DOMAIN_EXAMPLES),
    ],
    ids=["repository", "domain"],
)
async def test_set_read_and_delete(
    aws: Aws, kind: str, where: str, arn: str, examples: Mapping[str, Any]
) -> None:
    """ "Set a policy", "Read a policy", "Delete a policy"; revisions keep writers apart."""
    read, delete = (f"{verb}-{kind}-permissions-policy {where}" for verb in ("get", "delete"))
    assert "ResourceNotFoundException" in await aws.refused(read)
    revisions = []
    for document in examples.values():
        answer = await aws(put(aws, kind, document))
        text = (aws.home / "policy.json").read_text()
        shown = {"resourceArn": arn, "document": text, "revision": REVISION}
        assert answer == {"policy": shown}
        revisions.append(answer["policy"]["revision"])
        assert await aws(read) == answer
        assert await aws(f"{read} --output text --query policy.document") == document
    assert len(set(revisions)) == len(revisions)

    again = put(aws, kind, document)
    stale = f"{again} --policy-revision {revisions[0]}"
    assert "ConflictException" in await aws.refused(stale)
    await aws(f"{again} --policy-revision {revisions[-1]}")
    assert "ConflictException" in await aws.refused(f"{delete} --policy-revision {revisions[-1]}")
    gone = await aws(delete)
    assert json.loads(gone["policy"]["document"]) == document
    assert "ResourceNotFoundException" in await aws.refused(delete)


async def test_repositories_that_nobody_deletes(aws: Aws) -> None:
    """ "Protect repositories from being deleted", all but one, and from one's own policy."""
    denied = statement(
        "DeleteRepository", effect="Deny", Principal="*", Sid="DenyRepositoryDeletion"
    )
    await aws(f"create-repository {DOMAIN} --repository other")
    await aws(put(aws, "domain", policy(denied)))
    delete = f"delete-repository {DOMAIN} --repository"
    for name in ("my_repo", "other"):
        text = await aws.refused(f"{delete} {name}")
        assert text == (
            f"AccessDeniedException: User: arn:aws:iam::{ACCOUNT}:user/admin is not authorized to"
            f" perform: codeartifact:DeleteRepository on resource: {ARN}:repository/my_domain/{name}"
            " with an explicit deny in a resource-based policy"
        )
    del denied["Resource"]
    but_one = policy({**denied, "NotResource": f"{ARN}:repository/my_domain/other"})
    await aws(put(aws, "domain", but_one))
    assert "AccessDeniedException" in await aws.refused(f"{delete} my_repo")
    await aws(f"{delete} other")
    await aws(f"delete-domain-permissions-policy {DOMAIN}")
    await aws(put(aws, "repository", policy({**denied, "Resource": "*"})))
    assert "AccessDeniedException" in await aws.refused(f"{delete} my_repo")
    await aws(f"delete-repository-permissions-policy {REPOSITORY}")
    await aws(f"{delete} my_repo")


async def test_nobody_locks_himself_out(aws: Aws) -> None:
    """ "Interaction between repository and domain policies": setting looks past its own kind."""
    nobody = policy(statement("*", effect="Deny", Principal="*"))
    await aws(put(aws, "repository", nobody))
    assert "AccessDenied" in await aws.refused(f"describe-repository {REPOSITORY}")
    assert "AccessDenied" in await aws.refused(f"delete-repository-permissions-policy {REPOSITORY}")
    await aws(put(aws, "repository", policy(READ)))
    await aws(f"describe-repository {REPOSITORY}")
    await aws(put(aws, "domain", nobody))
    assert "AccessDenied" in await aws.refused(f"describe-domain {DOMAIN}")
    assert "AccessDenied" in await aws.refused(put(aws, "repository", policy(READ)))
    assert "default" in {each["name"] for each in (await aws("list-domains"))["domains"]}
    await aws(put(aws, "domain", policy(USE)))
    await aws(f"describe-domain {DOMAIN}")


async def test_documents_that_are_none(aws: Aws) -> None:
    broken: dict[str, Any] = {
        "no version": {"Version": "2010-01-01", "Statement": [READ]},
        "no effect": policy({key: READ[key] for key in READ if key != "Effect"}),
        "no principal": policy({key: READ[key] for key in READ if key != "Principal"}),
        "nobody here": policy(
            statement("Get*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"})
        ),
        "too long": policy(statement("Get*", Sid="x" * 7168)),
    }
    for what, document in broken.items():
        for kind in ("domain", "repository"):
            refused = await aws.refused(put(aws, kind, document))
            assert "ValidationException" in refused, what
    (aws.home / "policy.json").write_text('{"Version": "2012-10-17", "Statement": [')
    half = f"put-domain-permissions-policy {DOMAIN} --policy-document file://policy.json"
    assert "ValidationException" in await aws.refused(half)
