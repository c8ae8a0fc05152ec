"""Packages in the repositories of an installation, put there without any client."""

from mirror.app import Parts
from mirror.model import OriginControls, Package, Restriction, StoredAsset
from mirror.store.transactions import Transaction
from mirror.store.versions import NewVersion, add_version, put_package, put_tags
from tests.store.rows import version

LEFT_PAD = Package("npm", "", "left-pad")
PRIVATE = OriginControls(Restriction.ALLOW, Restriction.BLOCK)


async def stock(
    parts: Parts,
    repository: str,
    *new: NewVersion,
    package: Package = LEFT_PAD,
    controls: OriginControls = PRIVATE,
    **tags: str,
) -> None:
    """A package with these versions and tags."""

    async def work(transaction: Transaction) -> None:
        [row] = await transaction.run("SELECT id FROM repository WHERE name = ?", (repository,))
        held = await put_package(transaction, row["id"], package, controls, advance=True)
        for each in new:
            await add_version(transaction, held, each)
        await put_tags(transaction, held, tags)

    await parts.database.write(work)


async def stock_file(
    parts: Parts, repository: str, data: bytes, number: str = "1.0.0", **tags: str
) -> None:
    """A version of left-pad whose tarball is really there."""
    async with parts.blobs.writer() as writer:
        await writer.write(data)
        tarball = StoredAsset(f"left-pad-{number}.tgz", await writer.seal())
        manifest = {"name": "left-pad", "version": number}
        await stock(parts, repository, version(number, assets=[tarball], manifest=manifest), **tags)
        await writer.settle()


def named(package: Package, repository: str = "main") -> dict[str, str]:
    """The members of a call about a package."""
    members = {
        "domain": "default",
        "repository": repository,
        "format": package.format,
        "package": package.name,
    }
    return members | ({"namespace": package.namespace} if package.namespace else {})
