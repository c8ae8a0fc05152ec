"""The operations of repositories (API contract §5, §15)."""

import asyncio
import json

import pytest

from mirror.api.errors import FIELD, Rejected
from mirror.endpoints.routing import domain_of, split
from mirror.errors import Conflict, Exceeded, Invalid, NotFound, Refused
from mirror.store.policies import attach_policy
from tests.api.conftest import ACCOUNT, ADDRESS, ROOT, Caller, installation

OTHER = "111122223333"
HERE = {"domain": "default"}
ADMINISTRATION = "AWSCodeArtifactAdminAccess"
BEFORE = f"arn:aws:codeartifact:us-east-1:{ACCOUNT}"


async def create(api, name: str, *upstreams: str, **more):
    members = {**HERE, "repository": name, **more}
    if upstreams:
        members["upstreams"] = [{"repositoryName": each} for each in upstreams]
    return (await api.call("CreateRepository", **members))["repository"]


async def update(api, name: str, **members):
    if "upstreams" in members:
        members["upstreams"] = [{"repositoryName": each} for each in members["upstreams"]]
    return (await api.call("UpdateRepository", **HERE, repository=name, **members))["repository"]


async def described(api, name: str):
    return (await api.call("DescribeRepository", **HERE, repository=name))["repository"]


async def allow(api, user: str, *statements: dict) -> Caller:
    """A user with a policy of its own."""
    caller = await api.as_(user)
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    await api.parts.database.write(
        lambda transaction: attach_policy(transaction, ACCOUNT, user, "own", document)
    )
    return caller


async def test_a_new_repository(api) -> None:
    repository = await create(api, "team", "npm-store", "pypi-store", description="ours")
    assert repository == await described(api, "team")
    assert repository.pop("createdTime") > 1_700_000_000
    assert repository == {
        "name": "team",
        "administratorAccount": ACCOUNT,
        "domainName": "default",
        "domainOwner": ACCOUNT,
        "arn": f"{BEFORE}:repository/default/team",
        "description": "ours",
        "upstreams": [{"repositoryName": "npm-store"}, {"repositoryName": "pypi-store"}],
        "externalConnections": [],
    }


async def test_a_repository_with_a_connection(api) -> None:
    assert (await described(api, "npm-store"))["externalConnections"] == [
        {
            "externalConnectionName": "public:npmjs",
            "packageFormat": "npm",
            "status": "Available",
        }
    ]


async def test_a_name_is_taken_once(api) -> None:
    with pytest.raises(Conflict, match="'main' already exists in domain 'default'") as caught:
        await create(api, "main")
    assert (caught.value.kind, caught.value.name) == ("repository", "main")


@pytest.mark.parametrize(
    ("upstreams", "error", "message"),
    [
        (["team"], Invalid, "'team' would be its own upstream"),
        (["main", "main"], Invalid, "'team' names an upstream twice"),
        (["missing"], NotFound, "upstream 'missing' of 'team' does not exist"),
    ],
)
async def test_upstreams_that_cannot_be(api, upstreams, error, message) -> None:
    with pytest.raises(error, match=message):
        await create(api, "team", *upstreams)
    with pytest.raises(NotFound):
        await described(api, "team")
    await create(api, "team")
    with pytest.raises(error, match=message):
        await update(api, "team", upstreams=upstreams)
    assert (await described(api, "team"))["upstreams"] == []


async def test_a_cycle_is_refused(api) -> None:
    await create(api, "low")
    await create(api, "mid", "low")
    await create(api, "top", "mid")
    with pytest.raises(Invalid, match="'low' would be its own upstream: top"):
        await update(api, "low", upstreams=["top"])


async def test_ten_direct_upstreams(api) -> None:
    names = [f"store-{number}" for number in range(11)]
    for name in names:
        await create(api, name)
    await create(api, "team", *names[:10])
    with pytest.raises(Exceeded, match="would have 11 upstreams, and may have 10"):
        await create(api, "more", *names)
    with pytest.raises(Exceeded):
        await update(api, "team", upstreams=names)
    assert len((await described(api, "team"))["upstreams"]) == 10


async def test_a_domain_has_a_limit_of_repositories(api) -> None:
    await api.parts.database.write(
        lambda transaction: transaction.run_many(
            "INSERT INTO repository (domain_id, name, administrator, created_at)"
            " VALUES (1, ?, ?, 0)",
            [(f"r{number}", ACCOUNT) for number in range(990)],
        )
    )
    count = (await api.call("DescribeDomain", **HERE))["domain"]["repositoryCount"]
    for number in range(1000 - count):
        await create(api, f"last{number}")
    with pytest.raises(Exceeded, match="has 1000 repositories"):
        await create(api, "more")
    await api.call("DeleteRepository", **HERE, repository="r0")
    await create(api, "more")


async def test_what_an_update_does_not_name_stays(api) -> None:
    await create(api, "team", "npm-store", description="ours")
    assert await update(api, "team") == await described(api, "team")
    changed = await update(api, "team", description="")
    assert "description" not in changed
    assert changed["upstreams"] == [{"repositoryName": "npm-store"}]
    changed = await update(api, "team", upstreams=["pypi-store", "npm-store"], description="new")
    assert changed["upstreams"] == [
        {"repositoryName": "pypi-store"}, {"repositoryName": "npm-store"},
    ]  # fmt: skip
    changed = await update(api, "team", upstreams=[])
    assert (changed["upstreams"], changed["description"]) == ([], "new")


async def test_who_makes_an_upstream_needs_the_right_to_it(api) -> None:
    """U11; and what is an upstream already needs none."""
    may = {"Effect": "Allow", "Action": "codeartifact:*", "Resource": "*"}
    not_pypi = {
        "Effect": "Deny",
        "Action": "codeartifact:AssociateWithDownstreamRepository",
        "Resource": [f"{BEFORE}:repository/default/{name}" for name in ("pypi-store", "missing")],
    }
    joe = await allow(api, "joe", may, not_pypi)
    refusal = "not authorized to perform: codeartifact:AssociateWithDownstreamRepository on resource: "  # fmt: skip
    for upstream in ("pypi-store", "missing"):
        with pytest.raises(Refused, match=refusal + f"{BEFORE}:repository/default/{upstream}"):
            await create(joe, "team", "npm-store", upstream)
    await create(joe, "team", "npm-store")
    with pytest.raises(Refused, match=refusal):
        await update(joe, "team", upstreams=["npm-store", "pypi-store"])
    await update(api, "team", upstreams=["npm-store", "pypi-store"])
    changed = await update(joe, "team", upstreams=["pypi-store", "npm-store"])
    assert changed["upstreams"][0] == {"repositoryName": "pypi-store"}


async def test_another_account_may_make_repositories_where_the_domain_lets_it(api) -> None:
    ann = await api.as_("ann", ADMINISTRATION, account=OTHER)
    with pytest.raises(Refused):
        await create(ann, "theirs", domainOwner=ACCOUNT)
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": OTHER},
            "Action": ["codeartifact:CreateRepository", "codeartifact:DescribeDomain"],
            "Resource": "*",
        },
    }
    await api.call("PutDomainPermissionsPolicy", **HERE, policyDocument=json.dumps(policy))
    repository = await create(ann, "theirs", domainOwner=ACCOUNT)
    assert repository["administratorAccount"] == OTHER
    assert repository["domainOwner"] == ACCOUNT
    with pytest.raises(NotFound, match=f"Domain 'default' owned by account '{OTHER}'"):
        await create(ann, "theirs")
    listed = await ann.call("ListRepositories")
    assert [each["name"] for each in listed["repositories"]] == ["theirs"]
    found = await api.call("ListRepositoriesInDomain", **HERE, administratorAccount=OTHER)
    assert [each["name"] for each in found["repositories"]] == ["theirs"]
    mine = await api.call("ListRepositories", repositoryPrefix="the")
    assert mine["repositories"] == []


async def test_a_connection_or_upstreams(api) -> None:
    npm = {**HERE, "repository": "team", "externalConnection": "public:npmjs"}
    await create(api, "team")
    answer = await api.call("AssociateExternalConnection", **npm)
    assert answer["repository"] == await described(api, "team")
    assert answer["repository"]["externalConnections"][0]["packageFormat"] == "npm"
    for connection in ("public:npmjs", "public:pypi"):
        with pytest.raises(Conflict, match="the external connection 'public:npmjs' already"):
            await api.call("AssociateExternalConnection", **npm | {"externalConnection": connection})  # fmt: skip
    with pytest.raises(Conflict, match="one external connection or upstreams, not both"):
        await update(api, "team", upstreams=["pypi-store"])
    await update(api, "team", upstreams=[])
    with pytest.raises(NotFound, match="has no external connection 'public:pypi'"):
        await api.call("DisassociateExternalConnection", **npm | {"externalConnection": "public:pypi"})  # fmt: skip
    answer = await api.call("DisassociateExternalConnection", **npm)
    assert answer["repository"]["externalConnections"] == []
    with pytest.raises(NotFound):
        await api.call("DisassociateExternalConnection", **npm)
    await update(api, "team", upstreams=["pypi-store"])
    with pytest.raises(Conflict, match=r"has upstreams \(pypi-store\) already"):
        await api.call("AssociateExternalConnection", **npm)


async def test_an_unknown_connection(api) -> None:
    with pytest.raises(Rejected, match="there is no external connection 'public:nowhere'") as caught:  # fmt: skip
        await api.call(
            "AssociateExternalConnection",
            **HERE,
            repository="main",
            externalConnection="public:nowhere",
        )
    assert caught.value.reason == FIELD


async def test_connections_of_the_configuration_are_known(tmp_path) -> None:
    corp = '{corp: {format: npm, url: "https://npm.corp.example"}}'
    async with installation(tmp_path, MIRROR_CONNECTIONS=corp) as parts:
        api = Caller(parts, ROOT)
        await create(api, "team")
        answer = await api.call(
            "AssociateExternalConnection", **HERE, repository="team", externalConnection="corp"
        )
        assert answer["repository"]["externalConnections"] == [
            {"externalConnectionName": "corp", "packageFormat": "npm", "status": "Available"}
        ]


async def test_a_deleted_repository(api) -> None:
    before = await create(api, "team", "npm-store", tags=[{"key": "k", "value": "v"}])
    await create(api, "web", "team", "npm-store")
    arn = before["arn"]
    policy = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}'  # fmt: skip
    await api.call(
        "PutRepositoryPermissionsPolicy", **HERE, repository="team", policyDocument=policy
    )
    assert await api.call("DeleteRepository", **HERE, repository="team") == {"repository": before}
    assert (await described(api, "web"))["upstreams"] == [{"repositoryName": "npm-store"}]
    for operation in ("DescribeRepository", "DeleteRepository", "GetRepositoryPermissionsPolicy"):
        with pytest.raises(NotFound, match="has no repository 'team'"):
            await api.call(operation, **HERE, repository="team")
    await create(api, "team")
    assert await api.call("ListTagsForResource", resourceArn=arn) == {"tags": []}
    with pytest.raises(NotFound, match="there is no permissions policy"):
        await api.call("GetRepositoryPermissionsPolicy", **HERE, repository="team")


async def test_its_packages_go_soon_after(api) -> None:
    api.parts.purge.start()
    await create(api, "team")
    (row,) = await api.parts.database.read("SELECT id FROM repository WHERE name = 'team'")
    await api.parts.database.write(
        lambda transaction: transaction.run(
            "INSERT INTO package (repository_id, format, namespace, name, publish, upstream,"
            " created_at) VALUES (?, 'npm', '', 'ui', 'ALLOW', 'ALLOW', 0)",
            (row["id"],),
        )
    )
    await api.call("DeleteRepository", **HERE, repository="team")
    async with asyncio.timeout(10):
        while await api.parts.database.read("SELECT 1 FROM package"):
            await asyncio.sleep(0.01)


async def test_lists_come_in_pages(api) -> None:
    await api.call("CreateDomain", domain="acme")
    for name in ("web", "app"):
        await api.call("CreateRepository", domain="acme", repository=name)
    pages = await api.pages("ListRepositories", "repositories", maxResults=1)
    names = [(each["domainName"], each["name"]) for page in pages for each in page]
    assert names[:2] == [("acme", "app"), ("acme", "web")]
    assert names[2:] == sorted(names[2:])
    assert ("default", "npm-store") in names
    pages = await api.pages(
        "ListRepositoriesInDomain", "repositories", **HERE, repositoryPrefix="npm", maxResults=1
    )
    assert [[each["name"] for each in page] for page in pages] == [["npm-store"]]
    assert "upstreams" not in pages[0][0]
    with pytest.raises(NotFound, match="Domain 'other'"):
        await api.call("ListRepositoriesInDomain", domain="other")
    with pytest.raises(Rejected):
        await api.call("ListRepositories", maxResults=1, nextToken="x")


async def endpoint(api, **members) -> str:
    answer = await api.call("GetRepositoryEndpoint", **members)
    return answer["repositoryEndpoint"]


async def test_endpoints(api) -> None:
    main = {**HERE, "repository": "main"}
    for form in ("npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo"):
        found = await endpoint(api, **main, format=form, endpointType="dualstack")
        assert found == f"{ADDRESS}/{form}/main/"
    with pytest.raises(NotFound, match="has no repository 'missing'"):
        await endpoint(api, **HERE, repository="missing", format="npm")


@pytest.mark.parametrize(
    ("domain", "account", "path"),
    [
        ("acme", ACCOUNT, "/d/acme/npm/web/"),
        ("acme-111122223333", ACCOUNT, f"/d/acme-111122223333-{ACCOUNT}/npm/web/"),
        ("acme", OTHER, "/d/acme-111122223333/npm/web/"),
        ("default", OTHER, "/d/default-111122223333/npm/web/"),
    ],
)
async def test_an_endpoint_leads_to_its_own_domain(api, domain, account, path) -> None:
    caller = await api.as_("ann", ADMINISTRATION, account=account)
    await caller.call("CreateDomain", domain=domain)
    await caller.call("CreateRepository", domain=domain, repository="web")
    found = await endpoint(caller, domain=domain, repository="web", format="npm")
    assert found == ADDRESS + path
    name, owner = domain_of(split(path), "mirror.test")
    assert (name, owner or ACCOUNT) == (domain, account)


async def test_through_an_sdk(boto) -> None:
    """§20.1, §20.3: one error of each class, with the members that SDKs type."""
    errors = boto.client.exceptions
    team = {"domain": "default", "repository": "team"}
    upstream = {"upstreams": [{"repositoryName": "npm-store"}]}
    await boto("create_repository", **team, **upstream)
    with pytest.raises(errors.ConflictException) as caught:
        await boto("create_repository", **team)
    assert caught.value.response["resourceId"] == "team"
    assert caught.value.response["resourceType"] == "repository"
    answer = await boto("update_repository", **team, description="ours")
    assert answer["repository"]["upstreams"] == upstream["upstreams"]
    answer = await boto("update_repository", **team, upstreams=[])
    assert answer["repository"]["upstreams"] == []
    names = ["npm-store", "pypi-store", *(f"up-{number}" for number in range(9))]
    for name in names[2:]:
        await boto("create_repository", domain="default", repository=name)
    with pytest.raises(errors.ServiceQuotaExceededException) as caught:
        await boto(
            "update_repository", **team, upstreams=[{"repositoryName": name} for name in names]
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 402
    with pytest.raises(errors.ValidationException):
        await boto("associate_external_connection", **team, externalConnection="public:nowhere")
    answer = await boto("associate_external_connection", **team, externalConnection="public:npmjs")
    assert answer["repository"]["externalConnections"][0]["status"] == "Available"
    answer = await boto("get_repository_endpoint", **team, format="npm")
    assert answer["repositoryEndpoint"].endswith("/npm/team/")
    answer = await boto("delete_repository", **team)
    assert answer["repository"]["createdTime"].year > 2000
    with pytest.raises(errors.ResourceNotFoundException) as caught:
        await boto("describe_repository", **team)
    assert caught.value.response["resourceType"] == "repository"
    answer = await boto("list_repositories_in_domain", domain="default", repositoryPrefix="up-")
    assert len(answer["repositories"]) == 9
