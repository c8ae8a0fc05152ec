"""The ten operations of package groups (API contract §10, §20.6)."""

import pytest

from mirror.api import groups as handlers
from mirror.api.errors import FIELD, Rejected
from mirror.errors import Conflict, Exceeded, Invalid, NotFound, Refused
from mirror.model import OriginControls, Package
from mirror.store.domains import create_domain
from mirror.store.repositories import put_repository
from mirror.store.versions import put_package

ACCOUNT = "000000000000"
DOMAIN = {"domain": "acme"}
ARN = f"arn:aws:codeartifact:us-east-1:{ACCOUNT}:package-group/acme"
WAYS = ("PUBLISH", "EXTERNAL_UPSTREAM", "INTERNAL_UPSTREAM")
ROOT = {"arn": f"{ARN}/%2a", "pattern": "/*"}
INHERITED = {"mode": "INHERIT", "effectiveMode": "ALLOW", "inheritedFrom": ROOT}


@pytest.fixture
async def acme(api):
    """The administrator, of a domain with the repositories repoA to repoC."""

    async def create(transaction):
        await create_domain(transaction, ACCOUNT, "acme")
        for letter in "ABC":
            await put_repository(transaction, owner=ACCOUNT, domain="acme", name=f"repo{letter}")

    await api.parts.database.write(create)
    return api


async def create(acme, *patterns: str) -> None:
    for pattern in patterns:
        await acme.call("CreatePackageGroup", **DOMAIN, packageGroup=pattern)


async def restrict(acme, pattern: str, restrictions=None, add=(), remove=()):
    lists = {"addAllowedRepositories": add, "removeAllowedRepositories": remove}
    named = {
        key: [
            {"originRestrictionType": way, "repositoryName": repository}
            for way, repository in value
        ]
        for key, value in lists.items()
    }
    return await acme.call(
        "UpdatePackageGroupOriginConfiguration",
        **DOMAIN,
        packageGroup=pattern,
        restrictions=restrictions or {},
        **named,
    )


async def described(acme, pattern: str):
    answer = await acme.call("DescribePackageGroup", **DOMAIN, packageGroup=pattern)
    return answer["packageGroup"]


async def parent(acme, pattern: str) -> str:
    return (await described(acme, pattern))["parent"]["pattern"]


async def store(acme, repository: str, *paths: str) -> None:
    found = await acme.parts.database.read(
        "SELECT r.id FROM repository r JOIN domain d ON d.id = r.domain_id"
        " WHERE d.name = 'acme' AND r.name = ?",
        (repository,),
    )

    async def work(transaction):
        for path in paths:
            package = Package(*path.strip("/").split("/"))
            await put_package(transaction, found[0]["id"], package, OriginControls(), advance=True)

    await acme.parts.database.write(work)


async def associated(acme, pattern: str, **more) -> list[str]:
    """`format/namespace/name`, with a ~ behind for weak associations."""
    pages = await acme.pages(
        "ListAssociatedPackages", "packages", **DOMAIN, packageGroup=pattern, **more
    )
    return [
        f"{each['format']}/{each.get('namespace', '')}/{each['package']}"
        + "~" * (each["associationType"] == "WEAK")
        for page in pages
        for each in page
    ]


async def test_the_root_group_of_a_domain(acme) -> None:
    """§5: it allows everything, and has no parent."""
    found = await described(acme, "/*")
    assert found.pop("createdTime") > 1_700_000_000
    allowed = {"mode": "ALLOW", "effectiveMode": "ALLOW"}
    assert found == {
        **ROOT,
        "domainName": "acme",
        "domainOwner": ACCOUNT,
        "originConfiguration": {"restrictions": dict.fromkeys(WAYS, allowed)},
    }


async def test_creating(acme) -> None:
    answer = await acme.call(
        "CreatePackageGroup",
        **DOMAIN,
        packageGroup="/npm/*",
        contactInfo="team@example.org",
        description="ours",
    )
    assert answer == {"packageGroup": await described(acme, "/npm/*")}
    found = answer["packageGroup"]
    assert found.pop("createdTime") > 1_700_000_000
    assert found == {
        "arn": f"{ARN}/npm/%2a",
        "pattern": "/npm/*",
        "domainName": "acme",
        "domainOwner": ACCOUNT,
        "contactInfo": "team@example.org",
        "description": "ours",
        "originConfiguration": {"restrictions": dict.fromkeys(WAYS, INHERITED)},
        "parent": ROOT,
    }


@pytest.mark.parametrize("pattern", ["/npm/*", "/*"])
async def test_a_pattern_is_taken_once(acme, pattern) -> None:
    await create(acme, "/npm/*")
    with pytest.raises(Conflict, match="already exists"):
        await create(acme, pattern)


@pytest.mark.parametrize("pattern", ["/python//requests$", "/pypi//Requests$", "/npm//any*", "xx"])
async def test_what_is_no_pattern(acme, pattern) -> None:
    with pytest.raises(Rejected, match="is not a package group pattern") as caught:
        await create(acme, pattern)
    assert caught.value.reason == FIELD
    with pytest.raises(Rejected, match="is not a package group pattern"):
        await associated(acme, pattern, preview=True)


async def test_patterns_that_differ_by_case_only(acme) -> None:
    """The guide's three groups for three packages."""
    spellings = ("AsyncStorage", "asyncStorage", "asyncstorage")
    await create(acme, "/npm//AsyncStorage$")
    asked = {**DOMAIN, "format": "npm", "package": "asyncStorage"}
    answer = await acme.call("GetAssociatedPackageGroup", **asked)
    assert (answer["packageGroup"]["pattern"], answer["associationType"]) == (
        "/npm//AsyncStorage$",
        "WEAK",
    )
    await create(acme, *(f"/npm//{each}$" for each in spellings[1:]))
    for spelling in spellings:
        answer = await acme.call("GetAssociatedPackageGroup", **asked | {"package": spelling})
        assert answer["packageGroup"]["pattern"] == f"/npm//{spelling}$"
        assert answer["associationType"] == "STRONG"
        assert answer["packageGroup"]["parent"] == ROOT


async def test_texts_change_and_clear(acme) -> None:
    await create(acme, "/npm/*")

    async def update(**texts) -> tuple[str | None, str | None]:
        answer = await acme.call("UpdatePackageGroup", **DOMAIN, packageGroup="/npm/*", **texts)
        assert answer == {"packageGroup": await described(acme, "/npm/*")}
        return answer["packageGroup"].get("contactInfo"), answer["packageGroup"].get("description")

    assert await update(contactInfo="me", description="mine") == ("me", "mine")
    assert await update(description="ours") == ("me", "ours")
    assert await update(contactInfo="") == (None, "ours")
    assert await update() == (None, "ours")


async def test_tags_come_and_go_with_the_group(acme) -> None:
    """§20.9: also of patterns that need encoding."""
    tags = [{"key": "team", "value": "web"}, {"key": "tier", "value": ""}]

    async def tagged(suffix: str):
        return (await acme.call("ListTagsForResource", resourceArn=f"{ARN}{suffix}"))["tags"]

    for pattern, suffix in (
        ("/npm/scope/anycompany~", "/npm/scope/anycompany~"),
        ("/pypi//requests$", "/pypi//requests%24"),
    ):
        group = {**DOMAIN, "packageGroup": pattern}
        await acme.call("CreatePackageGroup", **group, tags=tags)
        assert await tagged(suffix) == tags
        await acme.call("DeletePackageGroup", **group)
        with pytest.raises(NotFound):
            await tagged(suffix)
        await create(acme, pattern)
        assert await tagged(suffix) == []


async def test_a_tag_that_no_group_may_have_makes_no_group(acme) -> None:
    with pytest.raises(Rejected, match="reserved"):
        await acme.call(
            "CreatePackageGroup",
            **DOMAIN,
            packageGroup="/npm/*",
            tags=[{"key": "aws:x", "value": ""}],
        )
    with pytest.raises(Exceeded):
        await acme.call(
            "CreatePackageGroup",
            **DOMAIN,
            packageGroup="/npm/*",
            tags=[{"key": f"k{number}", "value": ""} for number in range(51)],
        )
    with pytest.raises(NotFound):
        await described(acme, "/npm/*")


async def test_deleting_hands_children_and_packages_to_the_parent(acme) -> None:
    await create(acme, "/npm/*", "/npm/space/*", "/npm/space/foo~")
    await restrict(acme, "/npm/*", {"PUBLISH": "BLOCK"})
    await restrict(acme, "/npm/space/*", {"PUBLISH": "ALLOW"})
    assert await parent(acme, "/npm/space/foo~") == "/npm/space/*"
    expected = await described(acme, "/npm/space/*")
    answer = await acme.call("DeletePackageGroup", **DOMAIN, packageGroup="/npm/space/*")
    assert answer == {"packageGroup": expected}
    found = await described(acme, "/npm/space/foo~")
    assert found["parent"]["pattern"] == "/npm/*"
    publish = found["originConfiguration"]["restrictions"]["PUBLISH"]
    assert (publish["effectiveMode"], publish["inheritedFrom"]["pattern"]) == ("BLOCK", "/npm/*")
    asked = {**DOMAIN, "format": "npm", "namespace": "space", "package": "bar"}
    answer = await acme.call("GetAssociatedPackageGroup", **asked)
    assert answer["packageGroup"]["pattern"] == "/npm/*"


async def test_the_root_group_stays(acme) -> None:
    with pytest.raises(Invalid, match="cannot be deleted"):
        await acme.call("DeletePackageGroup", **DOMAIN, packageGroup="/*")
    with pytest.raises(Invalid, match="no parent to inherit from"):
        await restrict(acme, "/*", {"PUBLISH": "INHERIT"})
    await restrict(acme, "/*", {"PUBLISH": "BLOCK"})
    await create(acme, "/npm/*")
    restrictions = (await described(acme, "/npm/*"))["originConfiguration"]["restrictions"]
    assert restrictions["PUBLISH"]["effectiveMode"] == "BLOCK"


async def test_a_new_group_comes_between(acme) -> None:
    await create(acme, "/npm/*", "/npm/space/foo~")
    assert await parent(acme, "/npm/space/foo~") == "/npm/*"
    await create(acme, "/npm/space/*")
    assert await parent(acme, "/npm/space/foo~") == "/npm/space/*"
    assert await parent(acme, "/npm/space/*") == "/npm/*"


async def test_inheriting_through_three_generations(acme) -> None:
    await create(acme, "/npm/*", "/npm/space/*", "/npm/space/foo~", "/npm/space/foo-bar$")
    await restrict(
        acme,
        "/npm/*",
        {"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES", "EXTERNAL_UPSTREAM": "BLOCK"},
        add=[("PUBLISH", "repoA"), ("PUBLISH", "repoB")],
    )
    await restrict(acme, "/npm/space/foo~", {"EXTERNAL_UPSTREAM": "ALLOW"})
    npm = {"arn": f"{ARN}/npm/%2a", "pattern": "/npm/*"}
    foo = {"arn": f"{ARN}/npm/space/foo~", "pattern": "/npm/space/foo~"}
    specific = "ALLOW_SPECIFIC_REPOSITORIES"
    found = await described(acme, "/npm/space/foo-bar$")
    assert found["arn"] == f"{ARN}/npm/space/foo-bar%24"
    assert found["originConfiguration"]["restrictions"] == {
        "PUBLISH": {"mode": "INHERIT", "effectiveMode": specific, "inheritedFrom": npm},
        "EXTERNAL_UPSTREAM": {"mode": "INHERIT", "effectiveMode": "ALLOW", "inheritedFrom": foo},
        "INTERNAL_UPSTREAM": INHERITED,
    }
    found = await described(acme, "/npm/*")
    assert found["originConfiguration"]["restrictions"] == {
        "PUBLISH": {"mode": specific, "effectiveMode": specific, "repositoriesCount": 2},
        "EXTERNAL_UPSTREAM": {"mode": "BLOCK", "effectiveMode": "BLOCK"},
        "INTERNAL_UPSTREAM": INHERITED,
    }


async def test_adding_and_removing_in_one_call(acme) -> None:
    """The guide's own call: what is added and removed ends removed."""
    await create(acme, "/nuget/*")
    answer = await restrict(
        acme,
        "/nuget/*",
        {"INTERNAL_UPSTREAM": "ALLOW_SPECIFIC_REPOSITORIES", "PUBLISH": "BLOCK"},
        add=[("INTERNAL_UPSTREAM", "repoA"), ("INTERNAL_UPSTREAM", "repoB")],
        remove=[("INTERNAL_UPSTREAM", "repoB")],
    )
    assert answer == {
        "packageGroup": await described(acme, "/nuget/*"),
        "allowedRepositoryUpdates": {"INTERNAL_UPSTREAM": {"ADDED": ["repoA"]}},
    }
    answer = await restrict(
        acme,
        "/nuget/*",
        add=[("INTERNAL_UPSTREAM", "repoB")],
        remove=[("INTERNAL_UPSTREAM", "repoA")],
    )
    assert answer["allowedRepositoryUpdates"] == {
        "INTERNAL_UPSTREAM": {"ADDED": ["repoB"], "REMOVED": ["repoA"]}
    }
    answer = await restrict(acme, "/nuget/*", {"INTERNAL_UPSTREAM": "ALLOW"})
    assert answer["allowedRepositoryUpdates"] == {"INTERNAL_UPSTREAM": {"REMOVED": ["repoB"]}}
    assert (await restrict(acme, "/nuget/*"))["allowedRepositoryUpdates"] == {}


async def test_a_list_needs_its_mode_and_a_repository(acme) -> None:
    await create(acme, "/npm/*")
    with pytest.raises(Invalid, match="cannot be listed for PUBLISH: its mode is INHERIT"):
        await restrict(acme, "/npm/*", add=[("PUBLISH", "repoA")])
    specific = {"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"}
    with pytest.raises(NotFound, match="no repository 'main'"):  # there is one, elsewhere
        await restrict(acme, "/npm/*", specific, add=[("PUBLISH", "main")])


async def test_allowed_repositories(acme) -> None:
    await create(acme, "/npm/*", "/npm//*")
    names = ["repoC", "repoA", "repoB"]
    await restrict(
        acme,
        "/npm/*",
        {"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"},
        add=[("PUBLISH", name) for name in names],
    )

    async def pages(pattern: str, way: str, **more):
        return await acme.pages(
            "ListAllowedRepositoriesForGroup",
            "allowedRepositories",
            **DOMAIN,
            packageGroup=pattern,
            originRestrictionType=way,
            **more,
        )

    assert await pages("/npm/*", "PUBLISH") == [["repoA", "repoB", "repoC"]]
    assert await pages("/npm/*", "PUBLISH", maxResults=2) == [["repoA", "repoB"], ["repoC"]]
    assert await pages("/npm/*", "EXTERNAL_UPSTREAM") == [[]]
    assert await pages("/npm//*", "PUBLISH") == [[]]  # inherited: its parent's list


async def test_listing(acme) -> None:
    patterns = ["/*", "/maven/*", "/npm/*", "/npm/space/*", "/npm/space/a~", "/npm/space/b~"]
    await create(acme, *reversed(patterns[1:]))

    async def pages(operation: str, **more) -> list[list[str]]:
        found = await acme.pages(operation, "packageGroups", **DOMAIN, **more)
        return [[each["pattern"] for each in page] for page in found]

    assert await pages("ListPackageGroups") == [patterns]
    assert await pages("ListPackageGroups", maxResults=4) == [patterns[:4], patterns[4:]]
    assert await pages("ListPackageGroups", prefix="/npm/space/") == [patterns[3:]]
    assert await pages("ListPackageGroups", prefix="/NPM") == [[]]
    sub = "ListSubPackageGroups"
    assert await pages(sub, packageGroup="/*") == [["/maven/*", "/npm/*"]]
    assert await pages(sub, packageGroup="/npm/space/*", maxResults=1) == [
        ["/npm/space/a~"],
        ["/npm/space/b~"],
    ]
    assert await pages(sub, packageGroup="/npm/space/a~") == [[]]
    answer = await acme.call("ListPackageGroups", **DOMAIN, prefix="/npm/*")
    assert answer["packageGroups"] == [await described(acme, "/npm/*")]


async def test_a_token_is_good_for_its_own_list_and_skips_nothing(acme) -> None:
    await create(acme, "/npm/*", "/npm/space/*", "/npm/zebra/*")
    asked = {**DOMAIN, "maxResults": 2}
    first = await acme.call("ListPackageGroups", **asked)
    token = first["nextToken"]
    with pytest.raises(Rejected, match="nextToken"):
        await acme.call("ListPackageGroups", **asked, prefix="/npm", nextToken=token)
    with pytest.raises(Rejected, match="nextToken"):
        await acme.call("ListSubPackageGroups", **asked, packageGroup="/*", nextToken=token)
    await create(acme, "/maven/*", "/npm/tango/*")
    await acme.call("DeletePackageGroup", **DOMAIN, packageGroup="/npm/*")
    rest = await acme.call("ListPackageGroups", **asked | {"maxResults": 9}, nextToken=token)
    assert [each["pattern"] for each in (*first["packageGroups"], *rest["packageGroups"])] == [
        *("/*", "/npm/*", "/npm/space/*", "/npm/tango/*", "/npm/zebra/*")
    ]


@pytest.mark.parametrize(
    ("coordinates", "expected"),
    [
        ({"format": "npm", "package": "react"}, ("/npm/*", "STRONG")),
        ({"format": "npm", "namespace": "space", "package": "x"}, ("/npm/space/*", "STRONG")),
        ({"format": "npm", "namespace": "Space", "package": "x"}, ("/npm/space/*", "WEAK")),
        ({"format": "pypi", "package": "Any_Company.UI"}, ("/pypi//any-company~", "STRONG")),
        ({"format": "maven", "namespace": "a.b", "package": "c"}, ("/*", "STRONG")),
    ],
)
async def test_the_group_of_a_package_that_need_not_exist(acme, coordinates, expected) -> None:
    await create(acme, "/npm/*", "/npm/space/*", "/pypi//any-company~")
    answer = await acme.call("GetAssociatedPackageGroup", **DOMAIN, **coordinates)
    assert answer["packageGroup"] == await described(acme, expected[0])
    assert answer["associationType"] == expected[1]


async def test_packages_of_a_group(acme) -> None:
    await create(acme, "/npm/*", "/npm//my-package$", "/npm/space/*")
    await store(acme, "repoA", "/npm//react", "/npm//my-package", "/pypi//my-package")
    await store(acme, "repoB", "/npm//react", "/npm//My.Package", "/npm/space/react")
    assert await associated(acme, "/npm/*") == ["npm//react"]
    assert await associated(acme, "/npm//my-package$") == ["npm//My.Package~", "npm//my-package"]
    assert await associated(acme, "/npm/space/*") == ["npm/space/react"]
    assert await associated(acme, "/*") == ["pypi//my-package"]
    assert await associated(acme, "/*", maxResults=1) == ["pypi//my-package"]
    assert await associated(acme, "/npm//my-package$", maxResults=1) == [
        "npm//My.Package~",
        "npm//my-package",
    ]


async def test_a_preview_shows_what_a_group_would_have(acme) -> None:
    await create(acme, "/npm//my-package$")
    await store(acme, "repoA", "/npm//my-package", "/npm//my-other", "/npm//My-Third", "/npm//x")
    with pytest.raises(NotFound, match="no package group '/npm//my~'"):
        await associated(acme, "/npm//my~")
    assert await associated(acme, "/npm//my~", preview=True) == ["npm//My-Third~", "npm//my-other"]
    assert await associated(acme, "/npm//my-package$", preview=True) == ["npm//my-package"]
    with pytest.raises(NotFound):
        await described(acme, "/npm//my~")


async def test_many_packages_in_short_pages(acme, monkeypatch) -> None:
    """A page ends after so many packages were looked at, with a token, found or not."""
    monkeypatch.setattr(handlers, "PIECE", 3)
    monkeypatch.setattr(handlers, "PIECES", 2)
    await create(acme, "/npm//wanted~")
    names = [f"n{number:02}" for number in range(20)]
    await store(acme, "repoA", *(f"/npm//{each}" for each in (*names, "wanted", "wanted-2")))
    asked = {**DOMAIN, "packageGroup": "/npm//wanted~"}
    pages = await acme.pages("ListAssociatedPackages", "packages", **asked)
    assert [[each["package"] for each in page] for page in pages] == [
        *([], [], []),
        ["wanted", "wanted-2"],
    ]
    assert len(await associated(acme, "/*", maxResults=2)) == 20


MISSING = [
    ("DescribePackageGroup", {}),
    ("UpdatePackageGroup", {"description": "x"}),
    ("DeletePackageGroup", {}),
    ("UpdatePackageGroupOriginConfiguration", {"restrictions": {"PUBLISH": "BLOCK"}}),
    ("ListSubPackageGroups", {}),
    ("ListAllowedRepositoriesForGroup", {"originRestrictionType": "PUBLISH"}),
    ("ListAssociatedPackages", {}),
]


@pytest.mark.parametrize(("operation", "members"), MISSING)
async def test_what_is_not_there(acme, operation, members) -> None:
    with pytest.raises(NotFound, match="no package group '/npm/\\*'") as caught:
        await acme.call(operation, **DOMAIN, packageGroup="/npm/*", **members)
    assert caught.value.kind == "package-group"
    with pytest.raises(NotFound, match="Domain 'nowhere' owned by account") as caught:
        await acme.call(operation, domain="nowhere", packageGroup="/npm/*", **members)
    assert caught.value.kind == "domain"


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("CreatePackageGroup", {"packageGroup": "/npm/*"}),
        ("ListPackageGroups", {}),
        ("GetAssociatedPackageGroup", {"format": "npm", "package": "react"}),
    ],
)
async def test_a_domain_that_is_not_there(acme, operation, members) -> None:
    with pytest.raises(NotFound) as caught:
        await acme.call(operation, domain="nowhere", **members)
    assert caught.value.kind == "domain"


async def test_who_may_only_read_changes_nothing(acme) -> None:
    reader = await acme.as_("reader", "AWSCodeArtifactReadOnlyAccess")
    await create(acme, "/npm/*")
    asked = {**DOMAIN, "packageGroup": "/npm/*"}
    assert await described(reader, "/npm/*") == await described(acme, "/npm/*")
    await reader.call("ListPackageGroups", **DOMAIN)
    await reader.call("GetAssociatedPackageGroup", **DOMAIN, format="npm", package="react")
    for operation in ("CreatePackageGroup", "UpdatePackageGroup", "DeletePackageGroup"):
        with pytest.raises(Refused):
            await reader.call(operation, **asked)
    with pytest.raises(Refused):
        await restrict(reader, "/npm/*", {"PUBLISH": "BLOCK"})


async def test_through_boto(acme, boto) -> None:
    """Typed answers and exceptions, over HTTP."""
    group = {**DOMAIN, "packageGroup": "/npm/scope/anycompany~"}
    created = await boto("create_package_group", **group, description="ours")
    assert created["packageGroup"]["arn"] == f"{ARN}/npm/scope/anycompany~"
    described = await boto("describe_package_group", **group)
    assert described["packageGroup"] == created["packageGroup"]
    assert described["packageGroup"]["createdTime"].year > 2000
    updated = await boto(
        "update_package_group_origin_configuration",
        **group,
        restrictions={"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"},
        addAllowedRepositories=[{"repositoryName": "repoA", "originRestrictionType": "PUBLISH"}],
    )
    assert updated["allowedRepositoryUpdates"] == {"PUBLISH": {"ADDED": ["repoA"]}}
    listed = await boto("list_package_groups", **DOMAIN)
    assert [each["pattern"] for each in listed["packageGroups"]] == ["/*", group["packageGroup"]]
    errors = boto.client.exceptions
    with pytest.raises(errors.ConflictException):
        await boto("create_package_group", **group)
    with pytest.raises(errors.ResourceNotFoundException) as caught:
        await boto("describe_package_group", **DOMAIN, packageGroup="/npm/*")
    assert "resourceType" not in caught.value.response
    with pytest.raises(errors.ValidationException) as caught:
        await boto("create_package_group", **DOMAIN, packageGroup="/python//requests$")
    assert caught.value.response["reason"] == "FIELD_VALIDATION_FAILED"
    with pytest.raises(errors.ValidationException):
        await boto("delete_package_group", **DOMAIN, packageGroup="/*")
    await boto("delete_package_group", **group)
