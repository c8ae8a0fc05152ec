"""Domains, repositories, package groups and users, as they are written."""

import json
from collections.abc import Callable

import pytest

from mirror.config import Settings
from mirror.config.places import Place
from mirror.config.values import Document

FromText = Callable[..., Settings]
Mistakes = Callable[..., list[str]]


def test_a_policy_is_yaml_or_json_or_a_text_of_json(from_text: FromText) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": ["a:B", "c:D"]}],
    }
    as_yaml = """
repositories:
  main:
    policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Deny
          Action: [a:B, c:D]
"""
    as_text = f"repositories: {{main: {{policy: '{json.dumps(document)}'}}}}"
    as_json = json.dumps({"repositories": {"main": {"policy": document}}}, indent=1)
    for text in (as_yaml, as_text, as_json):
        policy = from_text(text).repositories["main"].policy
        assert policy is not None
        assert json.loads(policy.text) == document


def test_policies_of_users_are_names_and_documents(from_text: FromText) -> None:
    users = from_text(
        "users: {a: {policies: [One, {Statement: x}]}, b: {policies: One}, c: {}}"
    ).users
    assert users["a"].policies == ("One", Document('{"Statement": "x"}'))
    assert users["b"].policies == ("One",)
    assert "policies" not in users["c"].model_fields_set


def test_the_default_domain_is_said_in_two_places_and_is_one(from_text: FromText) -> None:
    text = """
repositories: {team: {}}
domains: {acme: {groups: {/npm/*: {publish: BLOCK}}}, default: {tags: {a: b}}}
"""
    default, acme = from_text(text).declared
    assert (default.name, default.here, default.inside) == ("default", ("domains", "default"), ())
    assert default.domain.tags == {"a": "b"}
    assert [*default.domain.repositories] == ["team"]
    assert acme.inside == acme.here == ("domains", "acme")
    assert acme.domain.groups["/npm/*"].publish == "BLOCK"
    assert from_text("server: {port: 1}").declared == ()


def test_settings_know_where_they_were_written(from_text: FromText) -> None:
    settings = from_text("repositories:\n  a1: {}\n  b2:\n    upstreams: [a1]\n")
    line = settings.places.at(("repositories", "b2", "upstreams", 0))
    assert line.line == 4
    assert settings.places.at(("repositories", "a1", "policy")).line == 2
    variable = from_text("", {"MIRROR_USERS": "{ci: {}}"})
    assert variable.places.at(("users", "ci")) == Place("MIRROR_USERS")
    assert settings == from_text("repositories: {a1: {}, b2: {upstreams: [a1]}}")


def test_a_password_is_never_shown(from_text: FromText) -> None:
    settings = from_text('users: {ci: {password: "${CI}"}}', {"CI": "hunter2"})
    password = settings.users["ci"].password
    assert password is not None
    assert password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("users: {ci: {password: hunter2}}", "users.ci.password: expected ${NAME}: a password stands"),
        ("users: {ci: {password: 'x${CI}'}}", "users.ci.password: expected ${NAME}"),
        ("users: {ci: {password: '${CI}'}}", "the environment variable CI is not set"),
        ("users: {ci: hunter2}", "users.ci: expected 'key: value' lines"),
        ("users: {'a b': {}}", "users.a b: expected a name of up to 64 letters"),
        ("users: {ci: {policies: [[]]}}", "users.ci.policies.0: expected a policy document"),
        ("users: {ci: {policies: ['{']}}", "users.ci.policies.0: expected a policy document, and"),
        ("repositories: {r1: {policy: deny}}", "repositories.r1.policy: expected a policy document"),
        ("repositories: {r1: {tags: [a]}}", "repositories.r1.tags: expected 'name: …' lines"),
        ("groups: {/npm/*: {publish: DENY}}", "groups./npm/*.publish: expected ALLOW, BLOCK, INHERIT or"),
        ("groups: {npm: {}}", "groups.npm: expected a pattern such as /npm/@acme/*"),
        ("groups: {/*: {publish: INHERIT}}", "groups./*.publish: the root group has no parent"),
        ("groups: {/npm/*: {external: BLOCK}}", "groups./npm/*.external: no such setting"),
        ("domains: {Acme: {}}", "domains.Acme: expected a name of 2 to 50 lower-case"),
        ("domains: {default: {repositories: {r1: {}}}}", "domains.default: its repositories and groups"),
        ("domains: {acme: {repositories: {r1: {upstreams: [r1]}}}}", "domains.acme.repositories.r1.upstreams: a repo"),
        ("domains: {acme: {repositories: {r1: {connection: c}}}}", "domains.acme.repositories.r1.connection: there is"),
    ],
)  # fmt: skip
def test_mistakes(mistakes: Mistakes, text: str, expected: str) -> None:
    (line,) = mistakes(text)
    assert line.startswith(("mirror.yaml:1: ", "CI")), line
    assert expected in line
    assert "hunter2" not in line
