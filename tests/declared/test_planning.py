"""From a file and what there is to steps, and to mistakes with their lines."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mirror.config import ConfigError, Settings, load
from mirror.declared.planning import plan
from mirror.declared.present import Domain, Group, Present, Repository, User
from mirror.declared.step import Step
from mirror.model import RestrictionMode, RestrictionType

DENY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"},
}
OWN: dict[str, Any] = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
SPECIFIC = RestrictionMode.ALLOW_SPECIFIC_REPOSITORIES

Load = Callable[[str], Settings]


@pytest.fixture
def file(tmp_path: Path) -> Load:
    def loaded(text: str) -> Settings:
        path = tmp_path / "mirror.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path, {"PASSWORD": "hunter2"})

    return loaded


def there(**inside: Any) -> Present:
    """The default domain, with the public stores and `main`."""
    repositories = {
        "npm-store": Repository(connection="public:npmjs"),
        "main": Repository("first", ("npm-store",)),
        **inside.pop("repositories", {}),
    }
    return Present({"default": Domain(repositories=repositories, **inside)})


def told(steps: list[Step]) -> list[tuple[str, str]]:
    return [(step.sign, step.says) for step in steps]


def members(steps: list[Step]) -> list[tuple[str, dict[str, Any]]]:
    return [(step.operation, dict(step.members)) for step in steps]


# ---------------------------------------------------------------- repositories


def test_what_is_not_said_is_left_alone(file: Load) -> None:
    assert plan(file("server: {}"), there()) == []
    assert plan(file("repositories: {main: {}, npm-store: {description: ''}}"), there()) == []


def test_upstreams_come_before_what_they_are_upstream_of(file: Load) -> None:
    text = """
connections: {vendor: {format: npm, url: "https://npm.vendor.example"}}
repositories:
  team: {description: ours, upstreams: [vendor-store, npm-store], tags: {cost: "1"}}
  vendor-store: {connection: vendor}
"""
    assert members(plan(file(text), there())) == [
        ("CreateRepository", {"domain": "default", "repository": "vendor-store"}),
        (
            "CreateRepository",
            {
                "domain": "default",
                "repository": "team",
                "description": "ours",
                "upstreams": [{"repositoryName": "vendor-store"}, {"repositoryName": "npm-store"}],
                "tags": [{"key": "cost", "value": "1"}],
            },
        ),
        (
            "AssociateExternalConnection",
            {"domain": "default", "repository": "vendor-store", "externalConnection": "vendor"},
        ),
    ]


def test_a_repository_is_changed_where_it_differs(file: Load) -> None:
    text = """
repositories:
  main: {description: second, upstreams: [], tags: {kept: "1", new: "2"}}
  npm-store: {connection: "public:pypi"}
"""
    present = there(
        repositories={"main": Repository("first", ("npm-store",), tags={"kept": "1", "own": "3"})}
    )
    assert told(plan(file(text), present)) == [
        ("~", "description of repository 'main': second"),
        ("~", "upstreams of repository 'main': none (now npm-store)"),
        ("~", "repository 'npm-store' no longer reads through public:npmjs"),
        ("~", "repository 'npm-store' reads through public:pypi"),
        ("~", "tags of repository 'main': new=2"),
    ]


def test_two_may_change_places(file: Load) -> None:
    present = there(repositories={"aa": Repository("", ("bb",)), "bb": Repository()})
    text = "repositories: {bb: {upstreams: [aa]}, aa: {upstreams: []}}"
    assert told(plan(file(text), present)) == [
        ("~", "upstreams of repository 'aa': none (now bb)"),
        ("~", "upstreams of repository 'bb': aa (now none)"),
    ]


def test_nothing_is_its_own_upstream_on_the_way(file: Load) -> None:
    present = there(
        repositories={
            "aa": Repository("", ("bb", "cc")),
            "bb": Repository("", ("dd",)),
            "cc": Repository(),
            "dd": Repository("", ("cc",)),
        }
    )
    text = "repositories: {cc: {upstreams: [aa]}, aa: {upstreams: [dd]}, dd: {upstreams: [bb]}, bb: {upstreams: []}}"
    graph = {"aa": {"bb", "cc"}, "bb": {"dd"}, "cc": set(), "dd": {"cc"}}
    for step in plan(file(text), present):
        graph[step.members["repository"]] = {
            each["repositoryName"] for each in step.members["upstreams"]
        }
        assert not _circle(graph), (step, graph)
    assert graph == {"aa": {"dd"}, "bb": set(), "cc": {"aa"}, "dd": {"bb"}}


def _circle(graph: dict[str, set[str]]) -> bool:
    left = dict(graph)
    while free := [name for name, above in left.items() if not above & left.keys()]:
        for name in free:
            del left[name]
    return bool(left)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("aa: {upstreams: [nobody]}", "aa.upstreams: there is no repository 'nobody'"),
        ("aa: {upstreams: [main, main]}", "aa.upstreams: an upstream is named twice: main, main"),
        (
            "aa: {upstreams: [main]}, main: {upstreams: [aa]}",
            "aa.upstreams: upstreams go round in a circle: main <- aa <- main",
        ),
        (
            "npm-store: {upstreams: [main]}, main: {upstreams: []}",
            "npm-store.upstreams: repository 'npm-store' has the connection public:npmjs, and cannot have upstreams beside it: 'mirror repo disconnect npm-store' takes it away",
        ),
        (
            "main: {connection: public:npmjs}",
            "main.connection: repository 'main' has upstreams (npm-store), and cannot have a connection beside them: write 'upstreams: []' to take them away",
        ),
        ("aa: {policy: {}}", "aa.policy: missing required field Statement"),
    ],
)
def test_mistakes_are_told_with_their_line_before_anything_changes(
    file: Load, tmp_path: Path, text: str, line: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(file(f"\nrepositories: {{{text}}}"), there())
    assert f"{tmp_path}/mirror.yaml:2: repositories.{line}" in str(caught.value).splitlines()


# ---------------------------------------------------------------- policies, domains


def test_a_policy_is_put_where_it_says_something_else(file: Load) -> None:
    text = f"repositories: {{main: {{policy: {json.dumps(DENY)}}}}}"
    laid_out = there(repositories={"main": Repository(policy=json.dumps(DENY, indent=2))})
    assert plan(file(text), laid_out) == []
    assert told(plan(file(text), there())) == [("+", "policy of repository 'main'")]
    other = there(repositories={"main": Repository(policy="{}")})
    (step,) = plan(file(text), other)
    assert step.sign == "~"
    assert json.loads(step.members["policyDocument"]) == DENY


def test_a_domain_is_made_with_what_is_in_it(file: Load) -> None:
    text = f"""
domains:
  default: {{tags: {{a: b}}}}
  acme:
    tags: {{cost: "1"}}
    policy: {json.dumps(DENY)}
    repositories: {{base: {{}}}}
    groups: {{/*: {{publish: BLOCK}}}}
"""
    assert members(plan(file(text), there())) == [
        (
            "TagResource",
            {
                "resourceArn": "arn:aws:codeartifact:us-east-1:000000000000:domain/default",
                "tags": [{"key": "a", "value": "b"}],
            },
        ),
        ("CreateDomain", {"domain": "acme", "tags": [{"key": "cost", "value": "1"}]}),
        ("CreateRepository", {"domain": "acme", "repository": "base"}),
        (
            "UpdatePackageGroupOriginConfiguration",
            {"domain": "acme", "packageGroup": "/*", "restrictions": {"PUBLISH": "BLOCK"}},
        ),
        ("PutDomainPermissionsPolicy", {"domain": "acme", "policyDocument": json.dumps(DENY)}),
    ]


# ---------------------------------------------------------------- package groups


def test_a_group_is_made_and_restricted(file: Load) -> None:
    text = """
groups:
  /npm/acme/*:
    contact: me@example.com
    publish: [main]
    external_upstream: BLOCK
    internal_upstream: INHERIT
"""
    assert members(plan(file(text), there())) == [
        (
            "CreatePackageGroup",
            {"domain": "default", "packageGroup": "/npm/acme/*", "contactInfo": "me@example.com"},
        ),
        (
            "UpdatePackageGroupOriginConfiguration",
            {
                "domain": "default",
                "packageGroup": "/npm/acme/*",
                "restrictions": {
                    "PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES",
                    "EXTERNAL_UPSTREAM": "BLOCK",
                },
                "addAllowedRepositories": [
                    {"repositoryName": "main", "originRestrictionType": "PUBLISH"}
                ],
            },
        ),
    ]


def test_a_list_is_the_whole_list(file: Load) -> None:
    modes = dict.fromkeys(RestrictionType, SPECIFIC)
    allowed = {RestrictionType.PUBLISH: frozenset({"npm-store"})}
    present = there(groups={"/npm/*": Group("old", modes=modes, allowed=allowed)})
    text = "groups: {/npm/*: {description: new, publish: [main]}}"
    steps = plan(file(text), present)
    assert told(steps) == [
        ("~", "description of package group '/npm/*'"),
        ("~", "package group '/npm/*': PUBLISH only by main"),
    ]
    entry = {"originRestrictionType": "PUBLISH"}
    assert steps[1].members == {
        "domain": "default",
        "packageGroup": "/npm/*",
        "addAllowedRepositories": [{"repositoryName": "main", **entry}],
        "removeAllowedRepositories": [{"repositoryName": "npm-store", **entry}],
    }
    same = "groups: {/npm/*: {description: old, publish: [npm-store]}}"
    assert plan(file(same), present) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/npm/*: {publish: [nobody]}", "/npm/*.publish: there is no repository 'nobody'"),
        ("/gopher/*: {}", "/gopher/*: "),
    ],
)
def test_mistakes_in_groups(file: Load, text: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(file(f"groups: {{{text}}}"), there())
    assert f"mirror.yaml:1: groups.{line}" in str(caught.value)


# ---------------------------------------------------------------- users


def test_users_come_first_because_policies_name_them(file: Load) -> None:
    text = f"""
domains: {{acme: {{}}}}
users:
  ci: {{password: "${{PASSWORD}}"}}
  alice: {{policies: [AWSCodeArtifactReadOnlyAccess, {json.dumps(OWN)}]}}
  bob: {{policies: []}}
"""
    steps = plan(file(text), there())
    assert told(steps) == [
        ("+", "user 'ci': MirrorPublisherAccess"),
        ("+", "user 'alice': AWSCodeArtifactReadOnlyAccess, declared-2"),
        ("+", "user 'bob': no policies"),
        ("+", "domain 'acme'"),
    ]
    assert "hunter2" not in str(steps)
    assert steps[1].members["policies"]["declared-2"] == json.dumps(OWN)


def test_a_users_policies_are_all_that_it_may_do(file: Load) -> None:
    text = f"users: {{ci: {{policies: [{json.dumps({'Id': 'all', **OWN})}]}}}}"
    before = Present(users={"ci": User({"MirrorPublisherAccess": None})})
    (step,) = plan(file(text), before)
    assert (step.sign, step.says) == (
        "~",
        "policies of user 'ci': all (now MirrorPublisherAccess)",
    )
    after = Present(users={"ci": User({"all": json.dumps({**OWN, "Id": "all"}, indent=1)})})
    assert plan(file(text), after) == []


def test_a_password_is_replaced_where_it_is_another(file: Load) -> None:
    text = 'users: {ci: {password: "${PASSWORD}"}}'
    for right, expected in ((True, []), (False, [("~", "password of user 'ci'")])):
        present = Present(there().domains, {"ci": User({}, password_as_declared=right)})
        assert told(plan(file(text), present)) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("policies: [Admin]", "policies.0: there is no managed policy 'Admin': use AWSCode"),
        (f"policies: {json.dumps(DENY)}", "policies.0: Principal has no place in an identity"),
        (
            "policies: [MirrorPublisherAccess, MirrorPublisherAccess]",
            "policies.1: two policies are called 'MirrorPublisherAccess'",
        ),
    ],
)
def test_mistakes_in_users(file: Load, text: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(file(f"users: {{ci: {{{text}}}}}"), there())
    assert f"mirror.yaml:1: users.ci.{line}" in str(caught.value)
