"""ListPackages, DescribePackage, PutPackageOriginConfiguration, DeletePackage."""

import pytest

from mirror.api.errors import Rejected
from mirror.errors import NotFound, Refused
from mirror.model import OriginControls, Package, Restriction
from tests.api.stock import LEFT_PAD, PRIVATE, named, stock
from tests.store.rows import version

HERE = {"domain": "default", "repository": "main"}
OURS = {"restrictions": {"publish": "ALLOW", "upstream": "BLOCK"}}
FROZEN = {"restrictions": {"publish": "BLOCK", "upstream": "BLOCK"}}
REACT = Package("npm", "types", "react")
FLASK = Package("pypi", "", "flask-login")


async def names(api, **members: str) -> list[str]:
    found = await api.call("ListPackages", **HERE, **members)
    return [each["package"] for each in found["packages"]]


async def test_packages_of_one_repository(parts, api) -> None:
    for package in (FLASK, REACT, LEFT_PAD):
        await stock(parts, "main", package=package)
    await stock(parts, "npm-store", package=Package("npm", "", "elsewhere"))
    assert await api.call("ListPackages", **HERE) == {
        "packages": [
            {"format": "npm", "package": "left-pad", "originConfiguration": OURS},
            {
                "format": "npm",
                "namespace": "types",
                "package": "react",
                "originConfiguration": OURS,
            },
            {"format": "pypi", "package": "flask-login", "originConfiguration": OURS},
        ]
    }


async def test_an_empty_repository(api) -> None:
    assert await api.call("ListPackages", **HERE) == {"packages": []}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"format": "npm"}, ["left-pad", "react"]),
        ({"format": "npm", "namespace": "typ"}, ["react"]),
        ({"packagePrefix": "fl"}, ["flask-login"]),
        ({"format": "maven"}, []),
        ({"publish": "BLOCK"}, ["flask-login"]),
        ({"upstream": "BLOCK"}, ["left-pad", "react"]),
    ],
)
async def test_sought_packages(parts, api, members, expected) -> None:
    theirs = OriginControls(Restriction.BLOCK, Restriction.ALLOW)
    await stock(parts, "main", package=LEFT_PAD)
    await stock(parts, "main", package=REACT)
    await stock(parts, "main", package=FLASK, controls=theirs)
    assert await names(api, **members) == expected


async def test_a_namespace_needs_a_format(api) -> None:
    """User Guide, "Supported search option combinations"."""
    with pytest.raises(Rejected):
        await api.call("ListPackages", **HERE, namespace="types")


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
async def test_every_package_is_on_one_page(parts, api, count) -> None:
    expected = [f"p{number:03}" for number in range(count)]
    for name in expected:
        await stock(parts, "main", package=Package("npm", "", name))
    pages = await api.pages("ListPackages", "packages", **HERE)
    assert [len(page) for page in pages] == [100] * ((count - 1) // 100) + [
        count - 100 * max(0, (count - 1) // 100)
    ]
    assert [each["package"] for page in pages for each in page] == expected


async def test_a_token_is_good_for_its_own_question(parts, api) -> None:
    for name in ("a", "b"):
        await stock(parts, "main", package=Package("npm", "", name))
    found = await api.call("ListPackages", **HERE, maxResults=1)
    with pytest.raises(Rejected):
        await api.call("ListPackages", **HERE, format="npm", nextToken=found["nextToken"])


async def test_a_package_described(parts, api) -> None:
    await stock(parts, "main", package=REACT)
    assert await api.call("DescribePackage", **named(REACT)) == {
        "package": {
            "format": "npm",
            "namespace": "types",
            "name": "react",
            "originConfiguration": OURS,
        }
    }
    with pytest.raises(NotFound) as missing:
        await api.call("DescribePackage", **named(REACT, "npm-store"))
    assert (missing.value.kind, missing.value.name) == ("package", "react")


async def test_names_are_normalised_as_their_format_does(parts, api) -> None:
    await stock(parts, "main", package=FLASK)
    found = await api.call("DescribePackage", **named(FLASK) | {"package": "Flask_Login"})
    assert found["package"]["name"] == "flask-login"


async def test_controls_can_be_set_before_there_is_a_version(parts, api) -> None:
    assert await api.call(
        "PutPackageOriginConfiguration",
        **named(LEFT_PAD),
        restrictions={"publish": "BLOCK", "upstream": "BLOCK"},
    ) == {"originConfiguration": FROZEN}
    found = await api.call("DescribePackage", **named(LEFT_PAD))
    assert found["package"]["originConfiguration"] == FROZEN
    assert await names(api) == ["left-pad"]
    with pytest.raises(Rejected):
        await api.call(
            "PutPackageOriginConfiguration", **named(LEFT_PAD), restrictions={"publish": "ALLOW"}
        )


async def test_a_package_of_a_format_that_is_not_spoken_here(api) -> None:
    package = Package("maven", "org.apache", "commons")
    await api.call(
        "PutPackageOriginConfiguration",
        **named(package),
        restrictions={"publish": "ALLOW", "upstream": "BLOCK"},
    )
    assert await names(api, format="maven", namespace="org.") == ["commons"]


async def test_a_deleted_package_leaves_nothing(parts, api) -> None:
    await stock(parts, "main", version(), version("2.0.0", b"two"), latest="1.0.0")
    assert await api.call("DeletePackage", **named(LEFT_PAD)) == {
        "deletedPackage": {"format": "npm", "package": "left-pad", "originConfiguration": OURS}
    }
    for table in ("package", "version", "asset", "blob", "package_tag"):
        assert await parts.database.read(f"SELECT * FROM {table}") == []
    for operation in ("DescribePackage", "DeletePackage"):
        with pytest.raises(NotFound):
            await api.call(operation, **named(LEFT_PAD))


async def test_a_repository_or_domain_that_is_missing(api) -> None:
    for members, kind in (
        ({"repository": "nowhere"}, "repository"),
        ({"domain": "nothing"}, "domain"),
    ):
        with pytest.raises(NotFound) as missing:
            await api.call("ListPackages", **HERE | members)
        assert missing.value.kind == kind


async def test_who_may_do_what(parts, api) -> None:
    await stock(parts, "main", package=LEFT_PAD)
    nobody = await api.as_("nobody")
    reader = await api.as_("reader", "AWSCodeArtifactReadOnlyAccess")
    assert len((await reader.call("ListPackages", **HERE))["packages"]) == 1
    assert (await reader.call("DescribePackage", **named(LEFT_PAD)))["package"]
    for caller, operation in (
        (nobody, "ListPackages"),
        (nobody, "DescribePackage"),
        (reader, "DeletePackage"),
        (reader, "PutPackageOriginConfiguration"),
    ):
        for package in (LEFT_PAD, REACT):  # what exists is told only to who may know
            members = HERE if operation == "ListPackages" else named(package)
            if operation == "PutPackageOriginConfiguration":
                members = members | FROZEN
            with pytest.raises(Refused):
                await caller.call(operation, **members)


async def test_over_http(parts, boto) -> None:
    await stock(parts, "main", package=REACT)
    found = await boto("list_packages", **HERE, format="npm", namespace="types")
    assert [each["package"] for each in found["packages"]] == ["react"]
    with pytest.raises(boto.client.exceptions.ResourceNotFoundException) as missing:
        await boto("describe_package", **named(LEFT_PAD))
    assert missing.value.response["resourceType"] == "package"
    assert missing.value.response["resourceId"] == "left-pad"
    assert PRIVATE.publish == found["packages"][0]["originConfiguration"]["restrictions"]["publish"]
