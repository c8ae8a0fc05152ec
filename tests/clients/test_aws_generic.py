"""The User Guide's chapter "Using CodeArtifact with generic packages" with the real `aws`."""

import hashlib
from typing import Any

import pytest

from tests.clients.aws import Aws
from tests.clients.guide import REVISION, Like

pytestmark = [pytest.mark.client, pytest.mark.usefixtures("shelf")]

PACKAGE = "--format generic --namespace my-ns --package my-package"
WHERE = f"--domain my_domain --repository my_repo {PACKAGE}"
HEAD = {"format": "generic", "namespace": "my-ns", "package": "my-package", "version": "1.0.0"}


def asset(name: str, data: bytes) -> dict[str, Any]:
    hashes = {
        kind: hashlib.new(kind.replace("-", ""), data).hexdigest()
        for kind in ("MD5", "SHA-1", "SHA-256", "SHA-512")
    }
    return {"name": name, "size": len(data), "hashes": hashes}


def upload(aws: Aws, name: str, data: bytes, *, sha256: str = "", version: str = "1.0.0") -> str:
    """The command that publishes a file, which is put there for it."""
    (aws.home / "content").write_bytes(data)
    digest = sha256 or hashlib.sha256(data).hexdigest()
    return (
        f"publish-package-version {WHERE} --package-version {version} --asset-content content"
        f" --asset-name '{name}' --asset-sha256 {digest}"
    )


async def test_publish_list_and_download(aws: Aws) -> None:
    """Each command as printed; the second time with an `aws` of its own."""
    data = b"hello world"
    made = {**HEAD, "versionRevision": REVISION, "status": "Published"}
    published = await aws(upload(aws, "asset.tar.gz", data))
    assert published == {**made, "asset": asset("asset.tar.gz", data)}
    again = await aws.alone(upload(aws, "asset.tar.gz", data))
    assert again.status == 0, again.errors
    revision = published["versionRevision"]
    listed = await aws(f"list-package-version-assets {WHERE} --package-version 1.0.0")
    assert listed == {**HEAD, "versionRevision": revision, "assets": [published["asset"]]}
    got = await aws(
        f"get-package-version-asset {WHERE} --package-version 1.0.0 --asset asset.tar.gz"
        " asset.tar.gz"
    )
    assert got == {
        "assetName": "asset.tar.gz",
        "packageVersion": "1.0.0",
        "packageVersionRevision": revision,
    }
    assert (aws.home / "asset.tar.gz").read_bytes() == data
    # They are never fetched from upstream repositories.
    await aws(
        "create-repository --domain my_domain --repository below --upstreams repositoryName=my_repo"
    )
    below = f"--domain my_domain --repository below {PACKAGE} --package-version 1.0.0"
    missing = await aws.refused(f"get-package-version-asset {below} --asset asset.tar.gz out")
    assert "ResourceNotFoundException" in missing


async def test_several_assets_until_it_is_finished(aws: Aws) -> None:
    """`--unfinished` but for the last one, or for all and then a status."""
    first = await aws(upload(aws, "a b.txt", b"a") + " --unfinished")
    assert first["status"] == "Unfinished"
    last = await aws(upload(aws, "文件.zip", b""))
    assert last["status"] == "Published"
    assert last["versionRevision"] != first["versionRevision"]
    refused = await aws.refused(upload(aws, "c", b"c"))
    assert refused == Like("ConflictException: .*1.0.0.*")
    changed = await aws.refused(upload(aws, "a b.txt", b"other"))
    assert "ConflictException" in changed
    listed = await aws(f"list-package-version-assets {WHERE} --package-version 1.0.0")
    assert listed["assets"] == [asset("a b.txt", b"a"), asset("文件.zip", b"")]
    for name in ("a b.txt", "文件.zip"):
        await aws(f"get-package-version-asset {WHERE} --package-version 1.0.0 --asset '{name}' out")
    await aws(upload(aws, "a", b"a", version="2.0.0") + " --unfinished")
    done = await aws(
        f"update-package-versions-status {WHERE} --versions 2.0.0 --target-status Published"
    )
    assert done["successfulVersions"]["2.0.0"]["status"] == "Published"
    assert "ConflictException" in await aws.refused(upload(aws, "b", b"b", version="2.0.0"))


async def test_what_is_not_published(aws: Aws) -> None:
    """ "Generic package constraints", and the hash that protects the content."""
    wrong = await aws.refused(upload(aws, "a", b"a", sha256="0" * 64))
    assert "ValidationException" in wrong
    for name in (".", "..", " a", "a  b", "a=b", "a/b", "a#b"):
        refused = await aws.refused(upload(aws, name, b"a"))
        assert "ValidationException" in refused, name
    npm = upload(aws, "a.tgz", b"a").replace("--format generic", "--format npm")
    assert "ValidationException" in await aws.refused(npm)
    homeless = upload(aws, "a", b"a").replace("--namespace my-ns ", "")
    assert "ValidationException" in await aws.refused(homeless)
    missing = await aws.refused(f"describe-package {WHERE}")
    assert "ResourceNotFoundException" in missing  # nothing of all that was stored
    await aws(
        f"put-package-origin-configuration {WHERE} --restrictions publish=BLOCK,upstream=ALLOW"
    )
    assert "ConflictException" in await aws.refused(upload(aws, "a", b"a"))


async def test_the_commands_that_work_with_generic_packages(aws: Aws) -> None:
    """ "Supported commands for generic packages"."""
    await aws(upload(aws, "a", b"a"))
    await aws("create-repository --domain my_domain --repository other")
    copied = await aws(
        "copy-package-versions --domain my_domain --source-repository my_repo"
        f" --destination-repository other {PACKAGE} --versions 1.0.0"
    )
    assert copied["successfulVersions"].keys() == {"1.0.0"}
    version = f"{WHERE} --package-version 1.0.0"
    described = (await aws(f"describe-package-version {version}"))["packageVersion"]
    assert described["status"] == "Published"
    assert described["licenses"] == []
    head = {**HEAD, "versionRevision": described["revision"]}
    nothing = await aws(f"list-package-version-dependencies {version}")
    assert nothing == {**head, "dependencies": []}
    readme = await aws.refused(f"get-package-version-readme {version}")
    assert "ValidationException" in readme
    listed = await aws("list-packages --domain my_domain --repository other")
    assert [each["package"] for each in listed["packages"]] == ["my-package"]
    versions = await aws(f"list-package-versions {WHERE}")
    assert versions["defaultDisplayVersion"] == "1.0.0"
    disposed = await aws(f"dispose-package-versions {WHERE} --versions 1.0.0")
    assert disposed["successfulVersions"]["1.0.0"]["status"] == "Disposed"
    deleted = await aws(f"delete-package-versions {WHERE} --versions 1.0.0")
    assert deleted["successfulVersions"]["1.0.0"]["status"] == "Deleted"
    gone = await aws(f"delete-package {WHERE}")
    assert gone["deletedPackage"]["package"] == "my-package"
    # The copy is another one.
    await aws(f"get-package-version-asset {version.replace('my_repo', 'other')} --asset a out")
    assert (aws.home / "out").read_bytes() == b"a"
