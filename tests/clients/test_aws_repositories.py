"""The User Guide's chapters "Working with repositories" and "Working with domains" with the real
`aws`: each command as printed there, and its answer.
"""

import pytest

from tests.clients.aws import ACCOUNT, Aws
from tests.clients.guide import (
    ARN,
    DOMAIN,
    NPMJS,
    REPOSITORY,
    TIME,
    TOKEN,
    Like,
    repository,
    shows,
    upstreams,
)

pytestmark = pytest.mark.client

KEY = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/your-kms-key"
OWNER = f"--domain-owner {ACCOUNT}"


async def test_create_describe_and_change_a_repository(aws: Aws) -> None:
    """ "Create a repository", "View or modify", "Add or remove upstream repositories"."""
    await aws("create-domain --domain my_domain")
    created = await aws(
        f'create-repository {DOMAIN} --repository my_repo --description "My new repository"'
    )
    shows(created, repository("my_repo", description="My new repository"))
    await aws(f"create-repository {DOMAIN} --repository my-upstream-repo")
    below = await aws(
        f"create-repository {DOMAIN} --repository my_repo2 --upstreams repositoryName=my-upstream-repo"
        ' --description "My new repository"'
    )
    linked = upstreams("my-upstream-repo")
    shows(below, repository("my_repo2", description="My new repository", upstreams=linked))

    plain = repository("other")
    shows(await aws(f"create-repository {DOMAIN} --repository other"), plain)
    shows(await aws(f"describe-repository {DOMAIN} --repository other"), plain)
    one = await aws(
        f"update-repository {DOMAIN} --repository other --upstreams repositoryName=my-upstream-repo"
    )
    shows(one, repository("other", upstreams=linked))
    kept = await aws(f"update-repository {DOMAIN} --repository other --description kept")
    shows(kept, repository("other", upstreams=linked, description="kept"))
    none = await aws(f"update-repository {DOMAIN} --repository other --upstreams []")
    shows(none, repository("other", description="kept"))
    for name in ("upstream-1", "upstream-2", "upstream-3"):
        await aws(f"create-repository {DOMAIN} --repository {name}")
    two = await aws(
        f"update-repository --repository other {DOMAIN}"
        " --upstreams repositoryName=upstream-2 repositoryName=upstream-1"
    )
    ordered = upstreams("upstream-2", "upstream-1")
    shows(two, repository("other", upstreams=ordered, description="kept"))
    shows(await aws(f"update-repository --repository other {DOMAIN} --upstreams"), none)

    gone = await aws(f"delete-repository {DOMAIN} --repository my_repo")
    shows(gone, created)
    assert await aws.refused(f"describe-repository {DOMAIN} --repository my_repo") == Like(
        "ResourceNotFoundException: .*my_repo.*"
    )


async def test_an_external_connection(aws: Aws) -> None:
    """ "Connect to an external repository (CLI)"; one, and either that or upstreams."""
    await aws("create-domain --domain my_domain")
    await aws(f'create-repository {REPOSITORY} --description "A description of my_repo"')
    plain = repository("my_repo", description="A description of my_repo")
    connected = await aws(
        f"associate-external-connection --external-connection public:npmjs {REPOSITORY}"
    )
    shows(connected["repository"], {**plain["repository"], "externalConnections": [NPMJS]})
    again = "associate-external-connection --external-connection"
    assert "ConflictException" in await aws.refused(f"{again} public:pypi {REPOSITORY}")
    assert "ValidationException" in await aws.refused(f"{again} public:npms {REPOSITORY}")
    apart = "disassociate-external-connection --external-connection"
    assert "ResourceNotFoundException" in await aws.refused(f"{apart} public:pypi {REPOSITORY}")
    shows(await aws(f"{apart} public:npmjs {REPOSITORY}"), plain)


async def test_list_repositories(aws: Aws) -> None:
    """ "List repositories in an AWS account" and "… in the domain", page by page as well."""
    for domain in ("my_domain", "my_domain2"):
        await aws(f"create-domain --domain {domain}")
    for name, domain in (("repo1", "my_domain"), ("repo2", "my_domain"), ("repo3", "my_domain2")):
        await aws(
            f"create-repository --domain {domain} --repository {name}"
            f' --description "Description of {name}"'
        )

    def row(name: str, domain: str = "my_domain") -> dict[str, str]:
        described = repository(name, domain, description=f"Description of {name}")["repository"]
        return {k: v for k, v in described.items() if k not in ("upstreams", "externalConnections")}

    listed = await aws("list-repositories --repository-prefix repo")
    shows(listed, {"repositories": [row("repo1"), row("repo2"), row("repo3", "my_domain2")]})
    every = {each["domainName"] for each in (await aws("list-repositories"))["repositories"]}
    assert every == {"default", "my_domain", "my_domain2"}
    inside = await aws(f"list-repositories-in-domain {DOMAIN} --max-results 3")
    shows(inside, {"repositories": [row("repo1"), row("repo2")]})
    first = await aws(f"list-repositories-in-domain {DOMAIN} --max-results 1")
    shows(first, {"repositories": [row("repo1")], "nextToken": TOKEN})
    rest = await aws(f"list-repositories-in-domain {DOMAIN} --next-token {first['nextToken']}")
    shows(rest, {"repositories": [row("repo2")]})
    names = f"list-repositories-in-domain {DOMAIN} --output text --query"
    assert await aws(f"{names} 'repositories[*].[name]'") == "repo1\nrepo2\n"
    both = await aws(f"{names} 'repositories[*].[name,administratorAccount]'")
    assert both == f"repo1\t{ACCOUNT}\nrepo2\t{ACCOUNT}\n"
    of_others = await aws(
        f"list-repositories-in-domain {DOMAIN} --administrator-account 444455556666"
    )
    assert of_others == {"repositories": []}


async def test_domains(aws: Aws) -> None:
    """ "Create a domain", "Delete a domain", and what is counted in between."""
    created = await aws(f"create-domain --domain my_domain --encryption-key {KEY}")
    domain = {
        "name": "my_domain",
        "owner": ACCOUNT,
        "arn": f"{ARN}:domain/my_domain",
        "status": "Active",
        "encryptionKey": KEY,
        "repositoryCount": 0,
        "assetSizeBytes": 0,
        "createdTime": TIME,
    }
    assert created == {"domain": domain}
    assert "ConflictException" in await aws.refused("create-domain --domain my_domain")
    await aws("create-repository --domain my_domain --repository my_repo")
    described = await aws("describe-domain --domain my_domain")
    assert described == {"domain": {**domain, "repositoryCount": 1}}
    counts = ("repositoryCount", "assetSizeBytes")
    summary = {name: value for name, value in domain.items() if name not in counts}
    assert summary in (await aws("list-domains"))["domains"]
    await aws("delete-repository --domain my_domain --repository my_repo")
    assert await aws(f"delete-domain --domain my_domain {OWNER}") == {"domain": domain}
    root = await aws.refused("describe-package-group --domain my_domain --package-group '/*'")
    assert "ResourceNotFoundException" in root


async def test_a_domain_of_another_account(aws: Aws) -> None:
    """ "Cross-account domains": the owner is to be named, and existence is not told to strangers."""
    at = "--domain my_domain --domain-owner 444455556666"
    text = await aws.refused(f"list-packages {at} --repository other-repo")
    assert text == Like(
        f"AccessDeniedException: User: arn:aws:iam::{ACCOUNT}:user/admin is not authorized to "
        "perform: codeartifact:ListPackages on resource: .*"
    )
