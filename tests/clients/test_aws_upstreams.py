"""What comes from a public registry, with the real `aws`: the User Guide's "Getting started using
the AWS CLI" and "Working with upstream repositories".
"""

import json
import re
from pathlib import Path

import pytest

from tests.clients.aws import ACCOUNT, Aws, Key, Worker
from tests.clients.clients import INSTALLED, Desk, execute
from tests.clients.guide import (
    ARN,
    DOMAIN,
    EXTERNAL,
    INGESTED,
    NPMJS,
    REPOSITORY,
    TIME,
    Like,
    listed,
    repository,
    shows,
    success,
    upstreams,
    version,
)
from tests.clients.registry import Registry
from tests.clients.stocking import Shelf
from tests.running import Running

pytestmark = pytest.mark.client

OWNER = f"--domain-owner {ACCOUNT}"


@pytest.fixture
async def service(connected: Running) -> Running:
    """The mirror that `aws` and `shelf` mean in this file."""
    return connected


async def test_getting_started_with_the_cli(
    service: Running, worker: Worker, tmp_path: Path
) -> None:
    """The whole tutorial, with the key that was printed at the first start; some of its commands
    start an `aws` of their own.
    """
    printed = re.search(r"access key +(\S+)\n +secret +(\S+)", service.greeting)
    assert printed is not None, service.greeting
    npm = INSTALLED / "npm-11"
    desk = Desk("npm-11", tmp_path / "desk", service.registry())
    tools = [npm, INSTALLED / "node"]
    aws = Aws(worker, service.url, Key(*printed.groups()), tmp_path / "home", tools)

    domain = {
        "name": "my-domain",
        "owner": ACCOUNT,
        "arn": f"{ARN}:domain/my-domain",
        "status": "Active",
        "createdTime": TIME,
        "encryptionKey": Like("arn:aws:kms:.+"),
        "repositoryCount": 0,
        "assetSizeBytes": 0,
    }
    said = await aws.alone("create-domain --domain my-domain")
    assert said.status == 0, said.errors
    assert json.loads(said.out) == {"domain": domain}
    created = await aws(f"create-repository --domain my-domain {OWNER} --repository my-repo")
    shows(created, repository("my-repo", "my-domain"))
    await aws(f"create-repository --domain my-domain {OWNER} --repository npm-store")
    connected = await aws(
        f"associate-external-connection --domain my-domain {OWNER} --repository npm-store"
        ' --external-connection "public:npmjs"'
    )
    store = repository("npm-store", "my-domain", externalConnections=[NPMJS])
    shows(connected, store)
    mine = repository("my-repo", "my-domain", upstreams=upstreams("npm-store"))
    updated = await aws(
        f"update-repository --repository my-repo --domain my-domain {OWNER}"
        " --upstreams repositoryName=npm-store"
    )
    shows(updated, mine)

    said = await aws.alone(f"login --tool npm --repository my-repo --domain my-domain {OWNER}")
    assert said.status == 0, said.errors
    assert re.fullmatch(
        f"Successfully configured npm to use AWS CodeArtifact repository {service.url}"
        r"/d/my-domain/npm/my-repo/ \nLogin expires in 12 hours at 20.+\n",
        said.out,
    )
    installed = await execute(
        npm / "npm", "install", "jsonstream", cwd=desk.project, environment=aws.environment
    )
    assert installed.status == 0, installed.text
    assert desk.installed("jsonstream")["version"] == "1.0.2"

    packages = await aws("list-packages --domain my-domain --repository my-repo")
    shows(packages, {"packages": [{"format": "npm", "package": "jsonstream"}]})
    at = f"--domain my-domain {OWNER}"
    assert "ConflictException" in await aws.refused(f"delete-domain {at}")
    shows(await aws(f"delete-repository {at} --repository my-repo"), mine)
    shows(await aws(f"delete-repository {at} --repository npm-store"), store)
    gone = await aws(f"delete-domain {at}")
    # "Deleted" in the tutorial, "Active" in the chapter on domains: we say the latter.
    assert gone == {"domain": domain}
    assert "ResourceNotFoundException" in await aws.refused("describe-domain --domain my-domain")


async def test_what_came_from_outside(
    aws: Aws, service: Running, registry: Registry, shelf: Shelf
) -> None:
    """ "Fetch packages through an upstream relationship" and "List package versions": repo-A reads
    repo-B, and repo-B npmjs.
    """
    await aws(f"create-repository {DOMAIN} --repository repo-B")
    await aws(
        f"associate-external-connection {DOMAIN} --repository repo-B --external-connection public:npmjs"
    )
    await aws(f"create-repository {DOMAIN} --repository repo-A --upstreams repositoryName=repo-B")
    for number in ("0.1.0", "0.1.1", "1.0.0", "1.0.1"):
        registry.add("kind-of", number)
    for name, numbers in (("repo-B", ("0.1.0", "0.1.1")), ("repo-A", ("1.0.1",))):
        for number in numbers:
            there = Shelf(service, None, name)
            assert (await there.get("npm", f"kind-of/-/kind-of-{number}.tgz"))[0] == 200

    kind_of = f"--format npm --package kind-of {DOMAIN}"
    above = await aws(f"list-package-versions --repository repo-A {kind_of}")
    assert above == {
        "defaultDisplayVersion": "1.0.1",
        "format": "npm",
        "package": "kind-of",
        "versions": [version("1.0.1", origin=EXTERNAL)],
    }
    below = await aws(f"list-package-versions --repository repo-B {kind_of}")
    assert {each["version"] for each in below["versions"]} == {"0.1.0", "0.1.1", "1.0.1"}
    assert all(each["origin"] == EXTERNAL for each in below["versions"])
    shown = await aws(f"list-packages {DOMAIN} --repository repo-A")
    assert shown == {"packages": [listed("kind-of", restrictions=INGESTED)]}
    # "API behavior with upstream repositories": only what the repository itself has.
    assert await aws.refused(
        f"describe-package-version --repository my_repo {kind_of} --package-version 1.0.1"
    ) == Like("ResourceNotFoundException: .*kind-of.*")


async def test_copy_from_upstream_repositories(
    aws: Aws, registry: Registry, service: Running, shelf: Shelf
) -> None:
    """ "Copy a package from upstream repositories": not without the option."""
    registry.add("kind-of", "1.0.0")
    for name in ("repo-2", "store"):
        await aws(f"create-repository {DOMAIN} --repository {name}")
    connect = "associate-external-connection --external-connection public:npmjs"
    await aws(f"{connect} {DOMAIN} --repository store")
    await aws(f"update-repository {REPOSITORY} --upstreams repositoryName=store")
    copy = (
        f"copy-package-versions {DOMAIN} --source-repository my_repo"
        " --destination-repository repo-2 --format npm --package kind-of --versions 1.0.0"
    )
    assert "ResourceNotFoundException" in await aws.refused(copy)
    assert await aws(f"{copy} --include-from-upstream") == success("1.0.0")
    assert service.held("repo-2", "kind-of") == {"1.0.0": "Published"}
