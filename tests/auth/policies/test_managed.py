"""Policies that exist everywhere (§5.5)."""

import json

import pytest

from mirror.auth.policies.actions import ACTIONS, GET_BEARER_TOKEN
from mirror.auth.policies.evaluation import Attached
from mirror.auth.policies.managed import DOCUMENTS, managed
from tests.auth.policies.written import PACKAGE, ask

SERVICE = {"sts:awsservicename": ("codeartifact.amazonaws.com",)}
READING = ("Describe", "Get", "List", "ReadFromRepository")


def granted(name: str) -> set[str]:
    policy = managed(name)
    assert policy is not None
    own = Attached(policy, name)
    return {
        action.partition(":")[2]
        for action in ACTIONS
        if ask(action, PACKAGE, own=own, context=SERVICE).allowed
    }


def test_an_administrator_may_do_everything() -> None:
    assert granted("AWSCodeArtifactAdminAccess") == {each.partition(":")[2] for each in ACTIONS}


def test_a_reader_changes_nothing() -> None:
    found = granted("AWSCodeArtifactReadOnlyAccess")
    assert found == {
        each.partition(":")[2] for each in ACTIONS if each.partition(":")[2].startswith(READING)
    }
    assert "GetAuthorizationToken" in found


def test_a_publisher_reads_and_publishes_and_deletes_nothing() -> None:
    extra = granted("MirrorPublisherAccess") - granted("AWSCodeArtifactReadOnlyAccess")
    assert extra == {"PublishPackageVersion", "PutPackageMetadata"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_tokens_are_for_this_service_only(name) -> None:
    own = Attached(managed(name), name)
    assert ask(GET_BEARER_TOKEN, "*", own=own, context=SERVICE).allowed
    assert not ask(GET_BEARER_TOKEN, "*", own=own).allowed
    other = {"sts:awsservicename": ("ecr.amazonaws.com",)}
    assert not ask(GET_BEARER_TOKEN, "*", own=own, context=other).allowed


def test_documents_are_shown_as_they_are_published() -> None:
    """User Guide, "AWS managed (predefined) policies for AWS CodeArtifact"."""
    admin, reader = (
        json.loads(DOCUMENTS[name])["Statement"][0]
        for name in ("AWSCodeArtifactAdminAccess", "AWSCodeArtifactReadOnlyAccess")
    )
    assert admin == {"Action": ["codeartifact:*"], "Effect": "Allow", "Resource": "*"}
    assert reader["Action"] == [
        "codeartifact:Describe*",
        "codeartifact:Get*",
        "codeartifact:List*",
        "codeartifact:ReadFromRepository",
    ]


def test_there_is_no_other() -> None:
    assert managed("AdministratorAccess") is None
