"""The User Guide's sections on tags, of repositories, package groups and domains, with `aws`."""

from typing import Any

import pytest

from tests.clients.aws import Aws
from tests.clients.guide import ARN, DOMAIN, REPOSITORY

pytestmark = pytest.mark.client


def tags(**pairs: str) -> dict[str, Any]:
    """The list that the service model has, for the Guide's map (API contract §19)."""
    return {"tags": [{"key": key, "value": value} for key, value in pairs.items()]}


@pytest.mark.usefixtures("shelf")
async def test_tag_view_edit_and_remove(aws: Aws) -> None:
    """Add, view, edit, remove: the same commands for each kind of resource."""
    await aws(f"create-package-group {DOMAIN} --package-group '/npm/scope/anycompany~'")
    named = {
        "describe-domain --domain my_domain --query domain.arn": "domain/my_domain",
        "describe-repository --domain my_domain --repository my_repo --query repository.arn": (
            "repository/my_domain/my_repo"
        ),
        "describe-package-group --domain my_domain --package-group /npm/scope/anycompany~"
        " --query packageGroup.arn": "package-group/my_domain/npm/scope/anycompany~",
        "describe-package-group --domain my_domain --package-group '/*' --query packageGroup.arn": (
            "package-group/my_domain/%2a"
        ),
    }
    for query, resource in named.items():
        arn = f"{ARN}:{resource}"
        assert await aws(f"{query} --output text") == f"{arn}\n"
        shown = f"list-tags-for-resource --resource-arn {arn}"
        assert await aws(shown) == tags()
        added = f"tag-resource --resource-arn {arn} --tags key=key1,value=value1"
        assert await aws(f"{added} key=key2,value=value2") == ""
        assert await aws(shown) == tags(key1="value1", key2="value2")
        edited = f"tag-resource --resource-arn {arn} --tags key=key1,value=newvalue1"
        assert await aws(edited) == ""
        assert await aws(shown) == tags(key1="newvalue1", key2="value2")
        assert await aws(f"untag-resource --resource-arn {arn} --tag-keys key1 key2") == ""
        assert await aws(shown) == tags()


async def test_tags_from_the_beginning(aws: Aws) -> None:
    """ "Create a domain with tags" and "Create a repository with tags"; they go with it."""
    await aws("create-domain --domain my_domain --tags key=k1,value=v1 key=k2,value=v2")
    make = f"create-repository {REPOSITORY}"
    await aws(f"{make} --tags key=k1,value=v1 key=k2,value=v2")
    for resource in ("domain/my_domain", "repository/my_domain/my_repo"):
        listed = await aws(f"list-tags-for-resource --resource-arn {ARN}:{resource}")
        assert listed == tags(k1="v1", k2="v2")
    await aws("delete-repository --domain my_domain --repository my_repo")
    gone = f"list-tags-for-resource --resource-arn {ARN}:repository/my_domain/my_repo"
    assert "ResourceNotFoundException" in await aws.refused(gone)
    await aws(make)
    assert await aws(gone) == tags()


@pytest.mark.usefixtures("shelf")
async def test_tags_that_nothing_can_have(aws: Aws) -> None:
    arn = f"{ARN}:domain/my_domain"
    tag = f"tag-resource --resource-arn {arn} --tags"
    assert "ValidationException" in await aws.refused(f"{tag} key=aws:x,value=1")
    fifty = " ".join(f"key=k{number},value=v" for number in range(50))
    await aws(f"{tag} {fifty}")
    assert "ServiceQuotaExceededException" in await aws.refused(f"{tag} key=more,value=v")
    await aws(f"{tag} key=k1,value=other")  # replaces one
    other = f"{ARN}:package/my_domain/my_repo/npm//react"
    no_package = f"tag-resource --resource-arn {other} --tags key=a,value=b"
    assert "ValidationException" in await aws.refused(no_package)
    missing = f"tag-resource --resource-arn {ARN}:domain/none --tags key=a,value=b"
    assert "ResourceNotFoundException" in await aws.refused(missing)
    assert "ValidationException" in await aws.refused(
        "tag-resource --resource-arn nonsense --tags key=a,value=b"
    )
