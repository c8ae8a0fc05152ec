"""boto3's paginators: every row once, whatever comes in between (API contract §7, §20)."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

import pytest

from tests.clients.aws import Boto

pytestmark = pytest.mark.client

SIZE = 3
FIRST = "bcde"  # one more than a page
D = {"domain": "my_domain"}
R = {**D, "repository": "home"}
GENERIC = {**R, "format": "generic", "namespace": "ns", "package": "tool"}
GROUP = {**D, "packageGroup": "/generic/other/*"}
LISTING = {**D, "packageGroup": "/maven/*"}
OPEN = {"publish": "ALLOW", "upstream": "ALLOW"}


class Listing(NamedTuple):
    """A list operation: where its rows are and what they are called, what it is asked, and what
    adds a row of a name. `others` are rows that there are from the beginning.
    """

    operation: str
    member: str
    name: Callable[[Any], str]
    asked: dict[str, Any]
    add: Callable[[str], Awaitable[Any]]
    others: int = 0


def listings(boto: Boto) -> list[Listing]:
    def repository(name: str) -> Any:
        return boto.create_repository(**D, repository=f"row-{name}")

    def domain(name: str) -> Any:
        return boto.create_domain(domain=f"{name}-domain")

    def package(format_name: str, **more: str) -> Callable[[str], Any]:
        given = {**R, "format": format_name, "restrictions": OPEN, **more}
        return lambda name: boto.put_package_origin_configuration(**given, package=name)

    def group(name: str) -> Any:
        return boto.create_package_group(**D, packageGroup=f"/npm/{name}/*")

    def asset(version: str, name: str) -> Any:
        return boto.publish_package_version(
            **GENERIC,
            packageVersion=version,
            assetName=name,
            assetContent=b"",
            assetSHA256=hashlib.sha256(b"").hexdigest(),
            unfinished=True,
        )

    def allowed(name: str) -> Any:
        entry = {"repositoryName": f"row-{name}", "originRestrictionType": "PUBLISH"}
        return boto.update_package_group_origin_configuration(
            **LISTING, addAllowedRepositories=[entry]
        )

    def last(row: Any) -> str:
        return row["name"][-1]

    rows = {**D, "repositoryPrefix": "row-"}
    return [
        Listing("list_repositories_in_domain", "repositories", last, rows, repository),
        Listing(
            "list_packages",
            "packages",
            lambda row: row["package"],
            {**R, "format": "npm"},
            package("npm"),
        ),
        Listing(
            "list_associated_packages",
            "packages",
            lambda row: row["package"],
            GROUP,
            package("generic", namespace="other"),
        ),
        Listing(
            "list_package_groups",
            "packageGroups",
            lambda row: row["pattern"][5],
            {**D, "prefix": "/npm/"},
            group,
        ),
        Listing(
            "list_allowed_repositories_for_group",
            "allowedRepositories",
            lambda row: row[-1],
            {**LISTING, "originRestrictionType": "PUBLISH"},
            allowed,
        ),
        Listing(
            "list_package_versions",
            "versions",
            lambda row: row["version"],
            GENERIC,
            partial(asset, name="a"),
        ),
        Listing(
            "list_package_version_assets",
            "assets",
            lambda row: row["name"],
            {**GENERIC, "packageVersion": "0"},
            partial(asset, "0"),
        ),
        Listing(
            "list_domains",
            "domains",
            lambda row: row["name"].removesuffix("-domain"),
            {},
            domain,
            2,
        ),
    ]


@pytest.fixture
async def paged(boto: Boto) -> list[Listing]:
    await boto.create_domain(**D)
    await boto.create_repository(**R)
    await boto.create_package_group(**GROUP)
    await boto.create_package_group(**LISTING)
    await boto.update_package_group_origin_configuration(
        **LISTING, restrictions={"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"}
    )
    return listings(boto)


async def pages(boto: Boto, listing: Listing, **asked: Any) -> list[list[str]]:
    """The names on each page that boto3's paginator gives."""
    paginator = boto.client.get_paginator(listing.operation)
    config = {"PageSize": SIZE}
    found = await asyncio.to_thread(
        lambda: list(paginator.paginate(**listing.asked, **asked, PaginationConfig=config))
    )
    return [[listing.name(row) for row in page[listing.member]] for page in found]


async def test_one_row_a_page_and_one_more(boto: Boto, paged: list[Listing]) -> None:
    for listing in paged:
        for count, name in enumerate(FIRST, 1 + listing.others):
            await listing.add(name)
            found = await pages(boto, listing)
            sizes = [len(page) for page in found]
            whole, rest = divmod(count, SIZE)
            assert sizes == [SIZE] * whole + [rest] * bool(rest), (listing.operation, found)
            every = [each for page in found for each in page]
            assert len(set(every)) == count, listing.operation
            assert set(FIRST[: count - listing.others]) <= set(every), listing.operation


async def test_rows_that_come_between_two_pages(boto: Boto, paged: list[Listing]) -> None:
    """Before the page and behind it."""
    for listing in paged:
        for name in FIRST:
            await listing.add(name)
        operation = getattr(boto, listing.operation)
        first = await operation(**listing.asked, maxResults=2)
        for name in "az":
            await listing.add(name)
        found = [listing.name(row) for row in first[listing.member]]
        token = first["nextToken"]
        while token is not None:
            page = await operation(**listing.asked, maxResults=2, nextToken=token)
            found += [listing.name(row) for row in page[listing.member]]
            token = page.get("nextToken")
        assert len(found) == len(set(found)), listing.operation
        assert set(FIRST) <= set(found), listing.operation


async def test_tokens_are_for_one_question(boto: Boto, paged: list[Listing]) -> None:
    by_name = {listing.operation: listing for listing in paged}
    for listing in paged[:2]:
        for name in FIRST:
            await listing.add(name)
    packages = {**R, "format": "npm"}
    token = (await boto.list_packages(**packages, maxResults=2))["nextToken"]
    assert (await boto.list_packages(**packages, maxResults=1, nextToken=token))["packages"]
    rows = by_name["list_repositories_in_domain"].asked
    other = (await boto.list_repositories_in_domain(**rows, maxResults=2))["nextToken"]
    flipped = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
    for asked in (
        {**R, "nextToken": token},
        {**packages, "packagePrefix": "b", "nextToken": token},
        {**packages, "publish": "ALLOW", "nextToken": token},
        {**packages, "repository": "row-b", "nextToken": token},
        {**packages, "nextToken": other},
        {**packages, "nextToken": flipped},
        {**packages, "nextToken": token[:20]},
        {**packages, "nextToken": "x" * 2000},
        {**packages, "nextToken": "é"},
        {**packages, "maxResults": 1001},
    ):
        with pytest.raises(boto.client.exceptions.ClientError) as caught:
            await boto.list_packages(**asked)
        assert caught.value.response["Error"]["Code"] == "ValidationException", asked
