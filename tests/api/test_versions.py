"""Versions: listed, described, and their assets, dependencies and readmes."""

import orjson
import pytest

from mirror.api.errors import Rejected
from mirror.api.versions import README_ANSWER
from mirror.errors import NotFound, Refused
from mirror.model import Dependency, Origin, OriginType, Package, Status, StoredAsset, Summary
from tests.api.stock import LEFT_PAD, named, stock
from tests.store.rows import digests_of, version

HERE = named(LEFT_PAD)
ONE = HERE | {"packageVersion": "1.0.0"}
ALPHA = Package("pypi", "", "alpha")
NPMJS = Origin(OriginType.EXTERNAL, connection="public:npmjs")
BYTES = digests_of(b"tarball")


async def test_versions_newest_first_in_every_status(parts, api) -> None:
    await stock(
        parts,
        "main",
        version("1.0.0", published_at=1.0),
        version("2.0.0", published_at=3.0, origin=NPMJS, status=Status.ARCHIVED),
        version("3.0.0", published_at=2.0, origin=Origin(OriginType.UNKNOWN)),
        latest="1.0.0",
    )
    found = await api.call("ListPackageVersions", **HERE)
    assert found == {
        "defaultDisplayVersion": "1.0.0",
        "format": "npm",
        "package": "left-pad",
        "versions": [
            {
                "version": "2.0.0",
                "revision": version("2.0.0").revision,
                "status": "Archived",
                "origin": {
                    "originType": "EXTERNAL",
                    "domainEntryPoint": {"externalConnectionName": "public:npmjs"},
                },
            },
            {
                "version": "3.0.0",
                "revision": version("3.0.0").revision,
                "status": "Published",
                "origin": {"originType": "UNKNOWN"},
            },
            {
                "version": "1.0.0",
                "revision": version("1.0.0").revision,
                "status": "Published",
                "origin": {
                    "originType": "INTERNAL",
                    "domainEntryPoint": {"repositoryName": "main"},
                },
            },
        ],
    }
    assert await api.call("ListPackageVersions", **HERE, sortBy="PUBLISHED_TIME") == found


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"status": "Archived"}, ["2.0.0"]),
        ({"status": "Deleted"}, []),
        ({"originType": "EXTERNAL"}, ["2.0.0"]),
        ({"originType": "EXTERNAL", "status": "Published"}, []),
    ],
)
async def test_sifted_versions(parts, api, members, expected) -> None:
    await stock(parts, "main", version(), version("2.0.0", origin=NPMJS, status=Status.ARCHIVED))
    found = await api.call("ListPackageVersions", **HERE, **members)
    assert [each["version"] for each in found["versions"]] == expected
    assert found["defaultDisplayVersion"] == "1.0.0"


async def test_a_package_without_listed_versions_has_none_to_show(parts, api) -> None:
    await stock(parts, "main", version(status=Status.UNLISTED))
    assert "defaultDisplayVersion" not in await api.call("ListPackageVersions", **HERE)


async def test_pages_of_fifty(parts, api) -> None:
    numbers = [f"1.0.{number}" for number in range(120)]
    await stock(parts, "main", *(version(each, published_at=1000.0) for each in numbers))
    pages = await api.pages("ListPackageVersions", "versions", **HERE)
    assert [len(page) for page in pages] == [50, 50, 20]
    assert sorted(each["version"] for page in pages for each in page) == sorted(numbers)


async def test_only_the_named_repository_is_looked_at(parts, api) -> None:
    await stock(parts, "npm-store", version())
    for operation, members in (
        ("ListPackageVersions", HERE),
        ("DescribePackageVersion", ONE),
        ("ListPackageVersionAssets", ONE),
        ("ListPackageVersionDependencies", ONE),
        ("GetPackageVersionReadme", ONE),
    ):
        with pytest.raises(NotFound) as missing:
            await api.call(operation, **members)
        assert (missing.value.kind, missing.value.name) == ("package", "left-pad")
    await stock(parts, "main", version("2.0.0"))
    with pytest.raises(NotFound) as missing:
        await api.call("DescribePackageVersion", **ONE)
    assert (missing.value.kind, missing.value.name) == ("package-version", "1.0.0")


async def test_a_version_described(parts, api) -> None:
    summary = Summary("Pads", "https://pad", "git://pad", ("MIT", "https://law"), "# Pad")
    await stock(parts, "main", version(summary=summary, published_at=1.5))
    assert await api.call("DescribePackageVersion", **ONE) == {
        "packageVersion": {
            "format": "npm",
            "packageName": "left-pad",
            "displayName": "left-pad",
            "version": "1.0.0",
            "summary": "Pads",
            "homePage": "https://pad",
            "sourceCodeRepository": "git://pad",
            "publishedTime": 1.5,
            "licenses": [{"name": "MIT"}, {"url": "https://law"}],
            "revision": version().revision,
            "status": "Published",
            "origin": {
                "originType": "INTERNAL",
                "domainEntryPoint": {"repositoryName": "main"},
            },
        }
    }


async def test_what_is_not_known_is_left_out(parts, api) -> None:
    scoped = Package("npm", "types", "node")
    await stock(parts, "main", version(published_at=None, status=Status.DISPOSED), package=scoped)
    found = await api.call("DescribePackageVersion", **named(scoped), packageVersion="1.0.0")
    assert found["packageVersion"].keys() == {
        *("format", "namespace", "packageName", "displayName", "version"),
        *("licenses", "revision", "status", "origin"),
    }


async def test_a_version_in_another_spelling(parts, api) -> None:
    await stock(parts, "main", version("1.0"), package=ALPHA)
    found = await api.call("DescribePackageVersion", **named(ALPHA), packageVersion="1.0.0")
    assert found["packageVersion"]["version"] == "1.0"


async def test_the_assets_of_a_version(parts, api) -> None:
    assets = [StoredAsset(f"{number:03}", BYTES) for number in range(101)]
    await stock(parts, "main", version(assets=assets))
    found = await api.call("ListPackageVersionAssets", **ONE, maxResults=1)
    assert found.pop("nextToken")
    assert found == {
        "format": "npm",
        "package": "left-pad",
        "version": "1.0.0",
        "versionRevision": version(assets=assets).revision,
        "assets": [
            {
                "name": "000",
                "size": 7,
                "hashes": {
                    "MD5": BYTES.md5,
                    "SHA-1": BYTES.sha1,
                    "SHA-256": BYTES.sha256,
                    "SHA-512": BYTES.sha512,
                },
            }
        ],
    }
    pages = await api.pages("ListPackageVersionAssets", "assets", **ONE)
    assert [len(page) for page in pages] == [100, 1]
    assert [each["name"] for page in pages for each in page] == [each.name for each in assets]


async def test_the_dependencies_of_a_version(parts, api) -> None:
    declared = [Dependency("types", "node", "dev", "^20"), Dependency("", "flask", "", ">=1")]
    declared += [Dependency("", f"d{number}", "regular", "*") for number in range(100)]
    await stock(parts, "main", version(dependencies=declared))
    pages = await api.pages("ListPackageVersionDependencies", "dependencies", **ONE)
    assert [len(page) for page in pages] == [100, 2]
    assert pages[0][:2] == [
        {
            "namespace": "types",
            "package": "node",
            "dependencyType": "dev",
            "versionRequirement": "^20",
        },
        {"package": "flask", "versionRequirement": ">=1"},
    ]
    assert [each["package"] for page in pages for each in page] == [
        each.package for each in declared
    ]


# ---------------------------------------------------------------- readmes


async def readme(parts, api, text: str | None) -> str:
    await stock(parts, "main", version(summary=Summary(readme=text)))
    answer = await api.call("GetPackageVersionReadme", **ONE)
    assert len(orjson.dumps(answer)) <= README_ANSWER
    assert answer["versionRevision"] == version().revision
    return answer["readme"]


async def test_a_readme(parts, api) -> None:
    assert await readme(parts, api, "# Pad\n\n»left«") == "# Pad\n\n»left«"


@pytest.mark.parametrize("text", ["a", "é", "😀", '"', "\n", "\x01", "a😀\x01"])
async def test_a_long_readme_is_cut_between_characters(parts, api, text) -> None:
    """As much as fits, however its characters are written in JSON."""
    whole = text * 450_000
    found = await readme(parts, api, whole)
    assert whole.startswith(found)
    head = {"format": "npm", "package": "left-pad", "version": "1.0.0"}
    head |= {"versionRevision": version().revision, "readme": whole[: len(found) + 1]}
    assert len(orjson.dumps(head)) > README_ANSWER


async def test_there_may_be_no_readme(parts, api) -> None:
    with pytest.raises(NotFound) as missing:
        await readme(parts, api, None)
    assert missing.value.kind == "package-version"
    for package in (Package("generic", "files", "a"), Package("maven", "org.apache", "a")):
        with pytest.raises(Rejected):
            await api.call("GetPackageVersionReadme", **named(package), packageVersion="1")


# ---------------------------------------------------------------- rights, and the wire


async def test_who_may_look(parts, api) -> None:
    await stock(parts, "main", version())
    nobody = await api.as_("nobody")
    for name in ("1.0.0", "9.9.9"):
        with pytest.raises(Refused):
            await nobody.call("DescribePackageVersion", **HERE, packageVersion=name)


async def test_over_http(parts, boto) -> None:
    await stock(parts, "main", version())
    found = await boto("describe_package_version", **ONE)
    assert found["packageVersion"]["publishedTime"].timestamp() == 1000.0
    found = await boto("list_package_versions", **HERE, sortBy="PUBLISHED_TIME", maxResults=1)
    assert [each["version"] for each in found["versions"]] == ["1.0.0"]
    with pytest.raises(boto.client.exceptions.ResourceNotFoundException) as missing:
        await boto("get_package_version_readme", **ONE)
    assert missing.value.response["resourceType"] == "package-version"
