"""The User Guide's "Update package version status", "Disposing of package versions" and "Editing
package origin controls" with the real `aws`.
"""

import pytest

from tests.clients.aws import Aws
from tests.clients.guide import REPOSITORY, failure, success
from tests.clients.stocking import Shelf

pytestmark = pytest.mark.client

CHALK = f"{REPOSITORY} --format npm --package chalk"


async def test_update_package_version_status(aws: Aws, shelf: Shelf) -> None:
    for number in ("4.0.0", "4.1.0", "4.1.1"):
        await shelf.npm("chalk", number)
    update = f"update-package-versions-status {CHALK}"
    one = await aws(f"{update} --versions 4.1.0 --target-status Archived")
    assert one == success("4.1.0", status="Archived")
    both = await aws(f"{update} --versions 4.1.0 4.1.1 --target-status Archived")
    assert both == success("4.1.0", "4.1.1", status="Archived")
    await shelf.npm("@nestjs/core", "8.0.0")
    scoped = await aws(
        f"update-package-versions-status {REPOSITORY} --format npm --namespace nestjs --package core"
        " --versions 8.0.0 --target-status Unlisted"
    )
    assert scoped == success("8.0.0", status="Unlisted")

    listed = await aws(f"list-package-versions {CHALK}")
    revision = {each["version"]: each["revision"] for each in listed["versions"]}
    assert both["successfulVersions"]["4.1.0"]["revision"] == revision["4.1.0"]
    pairs = f"--version-revisions 4.1.0={revision['4.1.0']},4.0.0={revision['4.0.0']}"
    published = await aws(f"{update} {pairs} --versions 4.1.0 4.0.0 --target-status Published")
    assert published == success("4.1.0", "4.0.0")
    said = ("MISMATCHED_STATUS", "current status: Published, expected status: Unlisted")
    refused = await aws(
        f"{update} --versions 4.1.0 4.0.0 --target-status Archived --expected-status Unlisted"
    )
    assert refused == failure({"4.0.0": said, "4.1.0": said})
    other = revision["4.1.1"]
    pairs = f"--version-revisions 4.1.0={other},4.0.0={revision['4.0.0']}"
    refused = await aws(f"{update} {pairs} --versions 4.1.0 4.0.0 --target-status Archived")
    mismatch = f"current revision: {revision['4.1.0']}, expected revision: {other}"
    skipped = ("SKIPPED", "version 4.0.0 is skipped")
    assert refused == failure({"4.0.0": skipped, "4.1.0": ("MISMATCHED_REVISION", mismatch)})
    for status in ("Unfinished", "Disposed", "Deleted"):
        back = await aws.refused(f"{update} --versions 4.1.0 --target-status {status}")
        assert "ValidationException" in back


async def test_disposing_of_package_versions(aws: Aws, shelf: Shelf) -> None:
    await shelf.npm("chalk", "4.0.0", description="to be disposed of")
    dispose = f"dispose-package-versions {CHALK} --versions 4.0.0 --expected-status"
    said = ("MISMATCHED_STATUS", "current status: Published, expected status: Unlisted")
    assert await aws(f"{dispose} Unlisted") == failure({"4.0.0": said})
    stored = (await aws("describe-domain --domain my_domain"))["domain"]["assetSizeBytes"]
    assert stored > 0
    assert await aws(f"{dispose} Published") == success("4.0.0", status="Disposed")
    assert (await aws("describe-domain --domain my_domain"))["domain"]["assetSizeBytes"] == 0
    again = f"update-package-versions-status {CHALK} --versions 4.0.0 --target-status Published"
    failed = (await aws(again))["failedVersions"]
    assert failed["4.0.0"]["errorCode"] == "NOT_ALLOWED"
    described = await aws(f"describe-package-version {CHALK} --package-version 4.0.0")
    assert described["packageVersion"]["status"] == "Disposed"
    assert described["packageVersion"]["summary"] == "to be disposed of"
    asset = f"get-package-version-asset {CHALK} --package-version 4.0.0 --asset chalk-4.0.0.tgz out"
    assert "ResourceNotFoundException" in await aws.refused(asset)
    gone = await aws(f"delete-package-versions {CHALK} --versions 4.0.0")
    assert gone == success("4.0.0", status="Deleted")


async def test_editing_package_origin_controls(aws: Aws, shelf: Shelf) -> None:
    """Also for a package that is not there yet: `delete-package` removes what this left."""
    mine = f"{REPOSITORY} --format npm"
    controls = "put-package-origin-configuration --restrictions"
    closed = {"publish": "BLOCK", "upstream": "BLOCK"}
    answer = await aws(f"{controls} publish=BLOCK,upstream=BLOCK {mine} --package my_package")
    assert answer == {"originConfiguration": {"restrictions": closed}}
    assert await shelf.npm("my_package", "1.0.0") == 403
    opened = {"publish": "ALLOW", "upstream": "BLOCK"}
    answer = await aws(f"{controls} publish=ALLOW,upstream=BLOCK {mine} --package my_package")
    assert answer == {"originConfiguration": {"restrictions": opened}}
    assert await shelf.npm("my_package", "1.0.0") == 201
    described = await aws(f"describe-package {mine} --package my_package")
    assert described["package"]["originConfiguration"] == {"restrictions": opened}
    half = await aws.run(f"{controls} publish=ALLOW {mine} --package my_package")
    assert half.status != 0
