"""The User Guide's "Copy packages between repositories" and "Delete a package or package version"
with the real `aws`, with each of their answers.
"""

import json

import pytest

from tests.clients.aws import Aws
from tests.clients.guide import DOMAIN, REPOSITORY, Like, failure, success
from tests.clients.stocking import Shelf
from tests.running import Running

pytestmark = pytest.mark.client

CONTROLS = {"originConfiguration": {"restrictions": {"publish": "ALLOW", "upstream": "BLOCK"}}}


COPY = (
    f"copy-package-versions {DOMAIN} --source-repository my_repo --destination-repository repo-2"
    " --format npm"
)
UNIQUE = f"{COPY} --package array-unique"


@pytest.fixture
async def other(aws: Aws, service: Running, shelf: Shelf) -> Shelf:
    """repo-2; and my_repo has three versions of array-unique."""
    await aws(f"create-repository {DOMAIN} --repository repo-2")
    for number in ("0.2.0", "0.2.1", "0.3.2"):
        await shelf.npm("array-unique", number)
    return Shelf(service, await service.token(), "repo-2")


async def test_copy_package_versions(aws: Aws, shelf: Shelf, other: Shelf) -> None:
    """As printed; all or none, and of what is there already, and the same, not a word."""
    for number in ("4.0.0", "6.0.2"):
        await shelf.npm("my-package", number)
    both = await aws(f"{COPY} --package my-package --versions 6.0.2 4.0.0")
    assert both == success("6.0.2", "4.0.0")
    await shelf.npm("@types/react", "0.12.2")
    scoped = f"{COPY} --namespace types --package react --versions 0.12.2"
    assert await aws(scoped) == success("0.12.2")

    skipped = ("SKIPPED", "Version 0.2.0 was skipped")
    missing = ("NOT_FOUND", "Could not find version 5.6.7")
    answer = await aws(f"{UNIQUE} --versions 0.2.0 5.6.7")
    assert answer == failure({"0.2.0": skipped, "5.6.7": missing})
    await aws(f"{UNIQUE} --versions 0.2.1")
    assert await aws(f"{UNIQUE} --versions 0.2.1 0.2.0") == success("0.2.0")

    assert await other.npm("array-unique", "0.3.2", description="another") == 201
    gone = f"{DOMAIN} --repository repo-2 --format npm --package array-unique --versions 0.2.1"
    await aws(f"delete-package-versions {gone}")
    skipped = ("SKIPPED", "Version 0.2.1 was skipped")
    there = ("ALREADY_EXISTS", "Version 0.3.2 already exists")
    answer = await aws(f"{UNIQUE} --versions 0.3.2 0.2.1")
    assert answer == failure({"0.2.1": skipped, "0.3.2": there})
    answer = await aws(f"{UNIQUE} --allow-overwrite --versions 0.3.2 0.2.1")
    assert answer == success("0.3.2", "0.2.1")


async def test_copy_versions_of_a_revision(aws: Aws, other: Shelf) -> None:
    """ "Specifying a package version revision"; one of two ways to name versions, never both."""
    names = await aws(f"list-package-versions {REPOSITORY} --format npm --package array-unique")
    revision = {each["version"]: each["revision"] for each in names["versions"]}
    wrong = await aws(f"{UNIQUE} --version-revisions 0.3.2={revision['0.2.1']}")
    said = f"current revision: {revision['0.3.2']}, expected revision: {revision['0.2.1']}"
    assert wrong == failure({"0.3.2": ("MISMATCHED_REVISION", said)})
    pairs = ",".join(f"{number}={revision[number]}" for number in ("0.3.2", "0.2.1"))
    assert await aws(f"{UNIQUE} --version-revisions {pairs}") == success("0.3.2", "0.2.1")
    for named in ("", f"--version-revisions {pairs} --versions 0.3.2 0.2.1"):
        assert "ValidationException" in await aws.refused(f"{UNIQUE} {named}")
    itself = UNIQUE.replace("repo-2", "my_repo")
    assert "ValidationException" in await aws.refused(f"{itself} --versions 0.3.2")


async def test_tags_go_with_their_versions(aws: Aws, shelf: Shelf, other: Shelf) -> None:
    """ "npm tags and the CopyPackageVersions API": the source's latest becomes that of both."""
    await other.npm("web-helper", "1.0.0")
    await shelf.npm("web-helper", "1.0.1")
    copied = await aws(f"{COPY} --package web-helper --versions 1.0.1")
    assert copied == success("1.0.1")
    _, document = await other.get("npm", "web-helper")
    assert json.loads(document)["dist-tags"] == {"latest": "1.0.1"}


async def test_delete_packages_and_versions(aws: Aws, shelf: Shelf) -> None:
    """ "Delete a package or package version"."""
    for number in ("4.0.0", "4.0.1", "5.0.0", "6.0.0"):
        await shelf.python("my-package", number)
    mine = f"{REPOSITORY} --format pypi --package my-package"
    deleted = await aws(f"delete-package-versions {mine} --versions 4.0.0 4.0.1 5.0.0")
    assert deleted == success("4.0.0", "4.0.1", "5.0.0", status="Deleted")
    left = await aws(f"list-package-versions {mine}")
    assert [each["version"] for each in left["versions"]] == ["6.0.0"]
    assert await shelf.python("my-package", "4.0.0") == 200  # it may come again
    gone = await aws(f"delete-package {mine}")
    package = {"format": "pypi", "package": "my-package", **CONTROLS}
    assert gone == {"deletedPackage": package}
    assert await aws.refused(f"describe-package {mine}") == Like(
        "ResourceNotFoundException: .*my-package.*"
    )

    await shelf.npm("@types/react", "0.12.2")
    react = f"{REPOSITORY} --format npm --namespace types --package react"
    deleted = await aws(f"delete-package-versions {react} --versions 0.12.2")
    assert deleted == success("0.12.2", status="Deleted")
    empty = {"format": "npm", "namespace": "types", "name": "react", **CONTROLS}
    assert await aws(f"describe-package {react}") == {"package": empty}
    assert await aws(f"list-package-versions {react}") == {
        "format": "npm",
        "namespace": "types",
        "package": "react",
        "versions": [],
    }
    gone = await aws(f"delete-package {react}")
    package = {"format": "npm", "namespace": "types", "package": "react", **CONTROLS}
    assert gone == {"deletedPackage": package}
