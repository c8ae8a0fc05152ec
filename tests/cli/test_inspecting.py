"""Looking into an installation."""

import re
from pathlib import Path

import pytest

from tests.cli.conftest import said


def test_verify(run, folder) -> None:
    said(run("verify"), "every stored file is right\n")
    sha256 = "ab" * 32
    stray = folder / "blobs" / "ab" / "ab" / sha256
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"stray")
    result = run("verify")
    assert result.exit_code == 1
    assert re.search(rf"^orphaned +{sha256}", result.output)
    assert result.output.endswith("1 problems\n")
    assert run("verify", "--repair").exit_code == 0
    assert not stray.exists()
    said(run("verify"), "every stored file is right\n")


def test_why_in_a_fresh_installation(run, folder) -> None:
    result = run(
        "why", "npm", "left-pad@1.0.0", "--repository", "npm-store", "--config", _alone(folder)
    )
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[:2] == [
        "left-pad@1.0.0 through 'npm-store' is NOT listed",
        "  npm-store: does not have this version",
    ]
    assert lines[2].startswith("  npm-store -> public:npmjs: unavailable (")


def _alone(folder: Path) -> str:
    """A configuration in which nobody answers for the public registry."""
    file = folder / "alone.yaml"
    file.write_text("connections: {'public:npmjs': {url: 'http://127.0.0.1:9'}}")
    return str(file)


def test_why_denied(run, tmp_path) -> None:
    run("user", "create", "ci", "--no-password")
    arn = "arn:aws:codeartifact:us-east-1:000000000000:"
    ci = "arn:aws:iam::000000000000:user/ci"
    publish = ("why-denied", "ci", "PublishPackageVersion", "main/npm/@acme/ui")
    said(
        run(*publish),
        f"{ci} may PublishPackageVersion on {arn}package/default/main/npm/acme/ui\n"
        "  statement #1 of the identity policy MirrorPublisherAccess\n",
    )
    said(
        run("why-denied", "ci", "codeartifact:DeleteRepository", "main"),
        f"{ci} may not DeleteRepository on {arn}repository/default/main because no identity-based "
        "policy allows the codeartifact:DeleteRepository action\n",
    )
    file = tmp_path / "p.json"
    file.write_text(
        '{"Statement": {"Sid": "Office", "Effect": "Deny", "Principal": "*", "Action": "*",'
        ' "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}}'
    )
    said(run("policy", "put", str(file)), "policy of domain 'default' set\n")
    run("user", "disable", "ci")
    said(
        run(*publish),
        f"{ci} may not PublishPackageVersion on {arn}package/default/main/npm/acme/ui"
        " with an explicit deny in a resource-based policy\n"
        f"  statement Office of the domain policy {arn}domain/default\n"
        "  but the user is inactive: nothing that it presents is accepted\n"
        "  as far as that can be told without a request: policies ask for aws:sourceip\n",
    )
    result = run("why-denied", "admin", "ListPackageGroups", f"{arn}domain/default")
    assert "may not ListPackageGroups" in result.output
    assert "may ListDomains on *\n" in run("why-denied", "admin", "ListDomains", "*").output


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("bob", "ReadFromRepository", "main"), "there is no user 'bob'"),
        (("admin", "Frob", "main"), "there is no action 'codeartifact:Frob'"),
        (("admin", "ListPackages", "arn:aws:s3:::x"), "'arn:aws:s3:::x' is not an ARN of a domain"),
        (
            ("admin", "ReadFromRepository", "main/npm"),
            "'main/npm' is not REPOSITORY/FORMAT/PACKAGE",
        ),
        (("admin", "ReadFromRepository", "main/gopher/x"), "'main/gopher/x' is not REPOSITORY"),
    ],
)
def test_what_cannot_be_asked(run, command, sentence) -> None:
    result = run("why-denied", *command)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {sentence}")
