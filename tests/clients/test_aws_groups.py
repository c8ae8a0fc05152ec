"""The User Guide's chapter "Working with package groups" with the real `aws`."""

from typing import Any

import pytest

from tests.clients.aws import ACCOUNT, Aws
from tests.clients.guide import ARN, DOMAIN, TIME

pytestmark = pytest.mark.client

GROUPS = f"{ARN}:package-group/my_domain"
ROOT = {"arn": f"{GROUPS}/%2a", "pattern": "/*"}
WAYS = ("PUBLISH", "EXTERNAL_UPSTREAM", "INTERNAL_UPSTREAM")


def inherited(mode: str = "ALLOW", by: dict[str, str] = ROOT) -> dict[str, Any]:
    return {"mode": "INHERIT", "effectiveMode": mode, "inheritedFrom": by}


def own(mode: str, repositories: int | None = None) -> dict[str, Any]:
    listed = {} if repositories is None else {"repositoriesCount": repositories}
    return {"mode": mode, "effectiveMode": mode, **listed}


def group(pattern: str, encoded: str, *, parent: Any = ROOT, **more: Any) -> dict[str, Any]:
    """A group as answers describe it; `more` are members, and restrictions by their types."""
    restrictions = {way: more.pop(way, inherited()) for way in WAYS}
    return {
        "arn": f"{GROUPS}{encoded}",
        "pattern": pattern,
        "domainName": "my_domain",
        "domainOwner": ACCOUNT,
        "createdTime": TIME,
        "originConfiguration": {"restrictions": restrictions},
        "parent": parent,
        **more,
    }


async def test_create_view_edit_and_delete(aws: Aws) -> None:
    await aws("create-domain --domain my_domain")
    created = await aws(
        f"create-package-group --domain my_domain --package-group '/nuget/*' --domain-owner {ACCOUNT}"
        ' --contact-info contact@email.com --description "a new package group"'
        " --tags key=key1,value=value1"
    )
    texts = {"contactInfo": "contact@email.com", "description": "a new package group"}
    nuget = group("/nuget/*", "/nuget/%2a", **texts)
    assert created == {"packageGroup": nuget}
    tags = f"list-tags-for-resource --resource-arn {GROUPS}/nuget/%2a"
    assert await aws(tags) == {"tags": [{"key": "key1", "value": "value1"}]}
    described = await aws(f"describe-package-group {DOMAIN} --package-group '/nuget/*'")
    assert described == {"packageGroup": nuget}

    changed = await aws(
        f"update-package-group --domain my_domain --package-group '/nuget/*' --domain-owner {ACCOUNT}"
        ' --contact-info contact@email.com --description "updated package group description"'
    )
    nuget["description"] = "updated package group description"
    assert changed == {"packageGroup": nuget}
    below = await aws(f"create-package-group {DOMAIN} --package-group '/nuget//anycompany~'")
    parent = {"arn": f"{GROUPS}/nuget/%2a", "pattern": "/nuget/*"}
    child = group("/nuget//anycompany~", "/nuget//anycompany~", parent=parent)
    assert below == {"packageGroup": child}
    root = group("/*", "/%2a", **{way: own("ALLOW") for way in WAYS})
    del root["parent"]
    listed = await aws(f"list-package-groups {DOMAIN}")
    assert listed == {"packageGroups": [root, nuget, child]}
    subgroups = await aws(f"list-sub-package-groups {DOMAIN} --package-group '/nuget/*'")
    assert subgroups == {"packageGroups": [child]}

    gone = await aws(f"delete-package-group {DOMAIN} --package-group '/nuget/*'")
    assert gone == {"packageGroup": nuget}
    moved = await aws(f"describe-package-group {DOMAIN} --package-group '/nuget//anycompany~'")
    assert moved["packageGroup"]["parent"] == ROOT
    assert "ResourceNotFoundException" in await aws.refused(tags)
    delete = f"delete-package-group {DOMAIN} --package-group"
    assert "ResourceNotFoundException" in await aws.refused(f"{delete} '/nuget/*'")
    assert "ValidationException" in await aws.refused(f"{delete} '/*'")
    again = await aws.refused(
        f"create-package-group {DOMAIN} --package-group '/nuget//anycompany~'"
    )
    assert "ConflictException" in again


async def test_origin_controls(aws: Aws) -> None:
    """ "Editing package group origin control settings" and the scenarios after it."""
    await aws("create-domain --domain my_domain")
    for name in ("my_repo", "my_repo2", "repoA", "repoB"):
        await aws(f"create-repository {DOMAIN} --repository {name}")
    await aws(f"create-package-group {DOMAIN} --package-group '/nuget/*'")
    change = f"update-package-group-origin-configuration {DOMAIN} --package-group '/nuget/*'"

    def allowed(*names: str, way: str = "INTERNAL_UPSTREAM") -> str:
        return " ".join(f"originRestrictionType={way},repositoryName={name}" for name in names)

    changed = await aws(
        f"{change} --restrictions INTERNAL_UPSTREAM=ALLOW_SPECIFIC_REPOSITORIES"
        f" --add-allowed-repositories {allowed('my_repo')}"
        f" --remove-allowed-repositories {allowed('my_repo2')}"
    )
    listing = {"INTERNAL_UPSTREAM": own("ALLOW_SPECIFIC_REPOSITORIES", 1)}
    assert changed == {
        "packageGroup": group("/nuget/*", "/nuget/%2a", **listing),
        "allowedRepositoryUpdates": {"INTERNAL_UPSTREAM": {"ADDED": ["my_repo"]}},
    }
    # Added and removed in one command: removed in the end.
    changed = await aws(
        f"{change} --restrictions PUBLISH=BLOCK,EXTERNAL_UPSTREAM=ALLOW_SPECIFIC_REPOSITORIES,"
        "INTERNAL_UPSTREAM=ALLOW_SPECIFIC_REPOSITORIES"
        f" --add-allowed-repositories {allowed('my_repo', 'my_repo2')}"
        f" --remove-allowed-repositories {allowed('my_repo2')}"
    )
    restrictions = {
        **listing,
        "PUBLISH": own("BLOCK"),
        "EXTERNAL_UPSTREAM": own("ALLOW_SPECIFIC_REPOSITORIES", 0),
    }
    assert changed["packageGroup"] == group("/nuget/*", "/nuget/%2a", **restrictions)
    which = f"list-allowed-repositories-for-group {DOMAIN} --package-group '/nuget/*'"
    names = await aws(f"{which} --origin-restriction-type INTERNAL_UPSTREAM")
    assert names == {"allowedRepositories": ["my_repo"]}
    changed = await aws(f"{change} --remove-allowed-repositories {allowed('my_repo')}")
    assert changed["allowedRepositoryUpdates"] == {"INTERNAL_UPSTREAM": {"REMOVED": ["my_repo"]}}
    wrong = f"{change} --add-allowed-repositories {allowed('my_repo', way='PUBLISH')}"
    assert "ValidationException" in await aws.refused(wrong)

    await aws(
        f"create-package-group {DOMAIN} --package-group /npm/space/anycompany~"
        ' --contact-info contact@email.com --description "my package group"'
    )
    private = await aws(
        f"update-package-group-origin-configuration {DOMAIN} --package-group '/npm/space/anycompany~'"
        " --restrictions PUBLISH=ALLOW,EXTERNAL_UPSTREAM=BLOCK,INTERNAL_UPSTREAM=ALLOW"
    )
    shown = private["packageGroup"]["originConfiguration"]["restrictions"]
    assert shown == {
        "PUBLISH": own("ALLOW"),
        "EXTERNAL_UPSTREAM": own("BLOCK"),
        "INTERNAL_UPSTREAM": own("ALLOW"),
    }
    through = await aws(
        f"update-package-group-origin-configuration {DOMAIN} --package-group '/*' --restrictions"
        " PUBLISH=BLOCK,EXTERNAL_UPSTREAM=ALLOW_SPECIFIC_REPOSITORIES,"
        "INTERNAL_UPSTREAM=ALLOW_SPECIFIC_REPOSITORIES --add-allowed-repositories"
        f" {allowed('repoA')} {allowed('repoB', way='EXTERNAL_UPSTREAM')}"
    )
    assert through["allowedRepositoryUpdates"] == {
        "INTERNAL_UPSTREAM": {"ADDED": ["repoA"]},
        "EXTERNAL_UPSTREAM": {"ADDED": ["repoB"]},
    }


async def test_which_group_a_package_belongs_to(aws: Aws) -> None:
    """ "Package group definition syntax and matching behavior", its own examples."""
    await aws("create-domain --domain my_domain")
    patterns = (
        "/npm/*",
        "/npm/space/*",
        "/npm/space/foo~",
        "/npm//anycompany-spicy-client$",
        "/npm//AsyncStorage$",
        "/npm//my-package$",
        "/pypi//requests$",
        "/maven/com.anycompany~",
        "/maven/org.apache.logging.log4j/log4j-core$",
    )
    for pattern in patterns:
        await aws(f"create-package-group {DOMAIN} --package-group '{pattern}'")
    expected = {
        "npm//react": ("/npm/*", "STRONG"),
        "npm/space/au.components": ("/npm/space/*", "STRONG"),
        "npm/space/foo-bar": ("/npm/space/foo~", "STRONG"),
        "npm/space/food": ("/npm/space/*", "STRONG"),
        "npm//anycompany-spicy-client": ("/npm//anycompany-spicy-client$", "STRONG"),
        "npm//AnyCompany-spicy-client": ("/npm//anycompany-spicy-client$", "WEAK"),
        "npm//asyncStorage": ("/npm//AsyncStorage$", "WEAK"),
        "npm//my.package": ("/npm//my-package$", "WEAK"),
        "npm//mypackage": ("/npm/*", "STRONG"),
        "pypi//requests": ("/pypi//requests$", "STRONG"),
        "maven/com.anycompany.x/y": ("/maven/com.anycompany~", "STRONG"),
        "maven/org.apache.logging.log4j/log4j-core": (patterns[-1], "STRONG"),
    }
    for path, found in expected.items():
        kind, namespace, name = path.split("/")
        scope = f"--namespace {namespace}" if namespace else ""
        answer = await aws(
            f"get-associated-package-group {DOMAIN} --format {kind} {scope} --package {name}"
        )
        assert (answer["packageGroup"]["pattern"], answer["associationType"]) == found, path
    for pattern in ("/python//requests$", "/pypi/*/requests$", "/npm//x", "/npm//a-~", "/pypi//A$"):
        refused = await aws.refused(f"create-package-group {DOMAIN} --package-group '{pattern}'")
        assert "ValidationException" in refused, pattern
    arn = await aws(
        f"describe-package-group {DOMAIN} --package-group '/maven/com.anycompany~'"
        " --query packageGroup.arn --output text"
    )
    assert arn == f"{GROUPS}/maven/com.anycompany~\n"
