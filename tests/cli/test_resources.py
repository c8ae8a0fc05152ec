"""Domains, repositories, package groups and their policies: made, shown, changed, deleted."""

import json

import pytest

from tests.cli.conftest import said


def attributes(text: str) -> dict[str, str]:
    return {
        name: value.strip()
        for name, _, value in (line.partition("  ") for line in text.splitlines())
    }


def test_domains(run) -> None:
    said(run("domain", "create", "acme", "--tag", "cost=1"), "domain 'acme' created\n")
    rows = [line.split()[:2] for line in run("domain", "list").output.splitlines()]
    assert rows == [["NAME", "OWNER"], ["acme", "000000000000"], ["default", "000000000000"]]
    assert attributes(run("domain", "show", "acme").output)["repositories"] == "0"
    assert attributes(run("domain", "show").output)["name"] == "default"
    said(run("domain", "delete", "acme"), "domain 'acme' deleted\n")


def test_repositories(run) -> None:
    said(
        run("repo", "create", "team", "--upstream", "main", "--description", "ours"),
        "repository 'team' created\n",
    )
    shown = attributes(run("repo", "show", "team").output)
    assert (shown["upstreams"], shown["description"]) == ("main", "ours")
    assert "team" in run("repo", "list", "--prefix", "te").output
    assert "main" not in run("repo", "list", "--prefix", "te").output
    changed = run("repo", "update", "team", "--upstream", "npm-store", "--upstream", "pypi-store")
    assert attributes(changed.output)["upstreams"] == "npm-store, pypi-store"
    assert "upstreams" not in attributes(run("repo", "update", "team", "--no-upstreams").output)
    connected = run("repo", "connect", "team", "public:npmjs")
    assert attributes(connected.output)["connection"] == "public:npmjs"
    assert "connection" not in attributes(run("repo", "disconnect", "team").output)
    said(
        run("repo", "disconnect", "team"),
        "Error: repository 'team' has no external connection\n",
        1,
    )
    assert run("repo", "delete", "team", input="n\n").exit_code == 1
    assert run("repo", "show", "team").exit_code == 0
    said(run("repo", "delete", "team", "--yes"), "repository 'team' deleted\n")


def test_a_repository_in_a_domain_with_a_connection(run) -> None:
    run("domain", "create", "acme")
    run("repo", "create", "store", "--connection", "public:pypi", "--domain", "acme")
    answer = json.loads(run("repo", "show", "store", "--domain", "acme", "--json").output)
    (connection,) = answer["repository"]["externalConnections"]
    assert connection["externalConnectionName"] == "public:pypi"


def test_package_groups(run) -> None:
    pattern = "/npm/acme/*"
    said(
        run("group", "create", pattern, "--contact", "me@example.com"),
        f"package group '{pattern}' created\n",
    )
    run("group", "block", pattern, "external")
    shown = attributes(run("group", "allow", pattern, "publish", "--only", "main").output)
    assert (shown["publish"], shown["external"], shown["internal"]) == (
        "ALLOW_SPECIFIC_REPOSITORIES (1)",
        "BLOCK",
        "ALLOW, as /* says",
    )
    shown = attributes(
        run(
            "group", "allow", pattern, "publish", "--only", "npm-store", "--only", "pypi-store"
        ).output
    )
    assert shown["publish"] == "ALLOW_SPECIFIC_REPOSITORIES (2)"
    assert run("group", "list", "--prefix", "/npm").output.split() == [
        *("PATTERN", "PUBLISH", "EXTERNAL", "INTERNAL"),
        *(pattern, "ALLOW_SPECIFIC_REPOSITORIES", "BLOCK", "(ALLOW)"),
    ]
    run("group", "allow", pattern, "external")
    run("group", "inherit", pattern, "publish", "external")
    shown = attributes(run("group", "show", pattern).output)
    assert (shown["publish"], shown["external"]) == ("ALLOW, as /* says", "ALLOW, as /* says")
    assert attributes(run("group", "of", "npm", "@acme/ui").output)["pattern"] == pattern
    said(run("group", "packages", pattern), "FORMAT  PACKAGE  ASSOCIATION\n")
    said(run("group", "delete", pattern), f"package group '{pattern}' deleted\n")


def test_policies_of_repositories(run) -> None:
    text = '{"Statement":{"Effect":"Deny","Principal":"*","Action":"codeartifact:Delete*","Resource":"*"}}'
    put = ("policy", "put", "-", "--repository", "main")
    said(run(*put, input=text), "policy of repository 'main' set\n")
    said(run("policy", "show", "--repository", "main"), f"{text}\n")
    assert "ConflictException" in run(*put, "--revision", "old", input=text).output
    # The account's root is denied like anybody else, but may repair what it did.
    assert "explicit deny" in run("repo", "delete", "main", "--yes").output
    assert "explicit deny" in run("policy", "delete", "--repository", "main").output
    run(*put, input=text.replace("Deny", "Allow"))
    said(run("policy", "delete", "--repository", "main"), "policy of repository 'main' deleted\n")
    assert "ResourceNotFoundException" in run("policy", "show", "--repository", "main").output


@pytest.mark.parametrize(
    ("command", "status", "sentence"),
    [
        (("repo", "create", "x1", "--upstream", "main", "--connection", "public:pypi"), 2, "not both"),
        (("repo", "update", "main"), 2, "nothing to change"),
        (("repo", "update", "main", "--upstream", "x", "--no-upstreams"), 2, "exclude each other"),
        (("domain", "create", "acme", "--tag", "cost"), 2, "'cost' is not KEY=VALUE"),
        (("group", "allow", "/npm/*", "sideways"), 2, "'sideways' is not one of"),
        (
            ("repo", "show", "nobody"),
            1,
            "An error occurred (ResourceNotFoundException) when calling the DescribeRepository op",
        ),
        (("repo", "create", "main"), 1, "An error occurred (ConflictException) when calling the"),
        (("repo", "create", "-"), 1, "An error occurred (ValidationException) when calling the"),
    ],
)  # fmt: skip
def test_mistakes(run, command, status, sentence) -> None:
    result = run(*command)
    assert result.exit_code == status
    assert sentence in result.output
