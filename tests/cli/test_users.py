"""Users, their tokens, their access keys."""

import re

import pytest

from mirror.cli.users import PUBLISHER
from tests.cli.conftest import said


def test_users(run) -> None:
    said(
        run("user", "create", "ci", "--password", "one"),
        "user 'ci' created; a token for it: mirror token create ci\n",
    )
    said(run("user", "list"), "admin\nci\n")
    said(run("user", "password", "ci", "--password", "two"), "password of 'ci' replaced\n")
    said(run("user", "disable", "ci"), "user 'ci' is inactive\n")
    said(run("user", "list"), "admin\nci  (inactive)\n")
    said(run("user", "disable", "ci", "--enable"), "user 'ci' is active\n")
    said(run("user", "delete", "ci"), "user 'ci' deleted\n")
    said(run("user", "list"), "admin\n")


def test_a_password_is_asked_for_twice_and_never_shown(run) -> None:
    result = run("user", "create", "ci", input="hunter2\nhunter2\n")
    assert result.exit_code == 0
    assert "hunter2" not in result.output
    assert run("user", "create", "bob", input="hunter2\nhunter3\n").exit_code == 1
    result = run("user", "password", "ci", input="hunter4\nhunter4\n")
    assert result.exit_code == 0
    assert "hunter4" not in result.output


def test_tokens(run) -> None:
    first = run("token", "create").output
    assert re.fullmatch(r"mirror_[\w-]{43}\n", first)
    run("token", "create", "admin", "--name", "ci", "--read-only", "--days", "1")
    lines = run("token", "list").output
    assert first.strip() not in lines
    assert re.sub(r"\d{4}-\d\d-\d\d", "DAY", lines) == (
        "    1  admin                                     named, does not expire\n"
        "    2  admin            ci                       named, read-only, until DAY\n"
    )
    said(run("token", "revoke", "1"), "token 1 revoked\n")
    assert run("token", "list").output.startswith("    2  ")


def test_a_user_gets_the_policies_that_are_named_or_publishes(run) -> None:
    run("user", "create", "ci", "--no-password")
    assert (
        run("policy", "list", "ci").output
        == f"NAME                   DOCUMENT\n{PUBLISHER}  managed\n"
    )
    run("user", "create", "ro", "--no-password", "--policy", "AWSCodeArtifactReadOnlyAccess")
    assert PUBLISHER not in run("policy", "list", "ro").output
    result = run("user", "create", "x", "--policy", "Everything")
    assert result.exit_code == 2
    assert "there is no managed policy 'Everything': there are AWSCode" in result.output
    assert run("user", "list").output == "admin\nci\nro\n"


def test_access_keys(run) -> None:
    made = run("key", "create", "admin").output
    key = re.fullmatch(
        r"export AWS_ACCESS_KEY_ID=(AKIA[A-Z2-7]{16})\nexport AWS_SECRET_ACCESS_KEY=(\S{40})\n",
        made,
    )
    assert key is not None
    listed = run("key", "list", "admin").output.splitlines()
    assert listed[0] == "ACCESS KEY            STATE   CREATED"
    assert len(listed) == 3  # one is from the first start
    assert key[2] not in "".join(listed)
    said(run("key", "disable", key[1]), f"access key {key[1]} is disabled\n")
    assert f"{key[1]}  disabled" in run("key", "list", "admin").output
    said(run("key", "disable", key[1], "--enable"), f"access key {key[1]} is active\n")
    said(run("key", "delete", key[1]), f"access key {key[1]} deleted\n")
    said(run("key", "delete", key[1]), f"Error: there is no access key '{key[1]}'\n", 1)


def test_policies_of_users(run, tmp_path) -> None:
    file = tmp_path / "own.json"
    file.write_text(
        '{"Statement": {"Effect": "Allow", "Action": "codeartifact:*", "Resource": "*"}}'
    )
    said(run("policy", "attach", "admin", str(file)), "user 'admin' has policy 'own'\n")
    said(
        run("policy", "attach", "admin", str(file), "--name", "second"),
        "user 'admin' has policy 'second'\n",
    )
    said(run("policy", "attach", "admin", PUBLISHER), f"user 'admin' has policy '{PUBLISHER}'\n")
    names = [line.split()[0] for line in run("policy", "list", "admin").output.splitlines()[1:]]
    assert names == ["AWSCodeArtifactAdminAccess", PUBLISHER, "own", "second"]
    said(run("policy", "detach", "admin", "own"), "user 'admin' no longer has policy 'own'\n")
    said(run("policy", "detach", "admin", "own"), "Error: user 'admin' has no policy 'own'\n", 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "the policy is not valid JSON"),
        ('{"Statement": {"Principal": "*"}}', "Principal has no place|missing required field"),
    ],
)
def test_what_is_no_policy_is_not_attached(run, tmp_path, text, sentence) -> None:
    file = tmp_path / "own.json"
    file.write_text(text)
    result = run("policy", "attach", "admin", str(file))
    assert result.exit_code == 1
    assert re.search(sentence, result.output)
    assert "own" not in run("policy", "list", "admin").output


def test_a_document_must_not_pass_for_a_managed_policy(run, tmp_path) -> None:
    file = tmp_path / f"{PUBLISHER}.json"
    file.write_text('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')
    result = run("policy", "attach", "admin", str(file))
    assert result.exit_code == 2
    assert f"'{PUBLISHER}' is a managed policy: give --name" in result.output
