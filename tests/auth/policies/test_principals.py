"""Whom a resource policy means (§4)."""

import pytest

from mirror.auth.policies.principals import ANONYMOUS, Caller, parse_principals
from mirror.auth.policies.refusals import PolicyInvalid
from tests.auth.policies.written import BOB, CAROL, OTHER, OWNER, ROOT, resource_policy, statement

DEPLOY = f"arn:aws:iam::{OWNER}:role/ops/Deploy"
SESSION = Caller(f"arn:aws:sts::{OWNER}:assumed-role/Deploy/build-7", OWNER)
CALLERS = {"bob": BOB, "carol": CAROL, "root": ROOT, "session": SESSION, "nobody": ANONYMOUS}


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("*", {"bob", "carol", "root", "session", "nobody"}),
        ({"AWS": "*"}, {"bob", "carol", "root", "session", "nobody"}),
        ({"AWS": [BOB.arn, "*"]}, {"bob", "carol", "root", "session", "nobody"}),
        ({"AWS": OWNER}, {"bob", "root", "session"}),
        ({"AWS": f"arn:aws:iam::{OWNER}:root"}, {"bob", "root", "session"}),
        ({"AWS": [OTHER]}, {"carol"}),
        ({"AWS": BOB.arn}, {"bob"}),
        ({"AWS": [BOB.arn, CAROL.arn]}, {"bob", "carol"}),
        ({"AWS": BOB.arn.replace("bob", "Bob")}, set()),
        ({"AWS": BOB.arn.replace("bob", "team/bob")}, set()),
        ({"AWS": DEPLOY}, {"session"}),
        ({"AWS": DEPLOY.replace("ops/", "")}, {"session"}),
        ({"AWS": DEPLOY.replace("Deploy", "Deploy2")}, set()),
        ({"AWS": DEPLOY.replace(OWNER, OTHER)}, set()),
        ({"AWS": SESSION.arn}, {"session"}),
        ({"AWS": SESSION.arn + "7"}, set()),
    ],
)
def test_a_principal_element_means(element, expected) -> None:
    principals = parse_principals(element)
    assert {name for name, caller in CALLERS.items() if principals.match(caller)} == expected


@pytest.mark.parametrize(
    "element",
    [
        None,
        "",
        "**",
        OWNER,
        BOB.arn,
        [BOB.arn],
        {},
        {"aws": OWNER},
        {"Service": "codeartifact.amazonaws.com"},
        {"AWS": OWNER, "Federated": "accounts.google.com"},
        {"AWS": []},
        {"AWS": None},
        {"AWS": {}},
        {"AWS": [[OWNER]]},
        {"AWS": 111122223333},
        {"AWS": "1111-2222-3333"},
        {"AWS": "١١١١٢٢٢٢٣٣٣٣"},
        {"AWS": "AIDAEXAMPLE"},
        {"AWS": f"arn:aws:iam::{OWNER}:user/*"},
        {"AWS": f"arn:aws:iam::{OWNER}:user/b?b"},
        {"AWS": f"arn:aws:iam::{OWNER}:user/"},
        {"AWS": f"arn:aws:iam::{OWNER}:user/bob\n"},
        {"AWS": f"arn:aws:iam::{OWNER}:group/devs"},
        {"AWS": f"arn:aws:iam::{OWNER}:role/"},
        {"AWS": f"arn:aws:iam::{OWNER}:role/Bäcker"},
        {"AWS": f"arn:aws:iam::{OWNER}:root "},
        {"AWS": f"arn:aws:sts::{OWNER}:assumed-role/Deploy"},
        {"AWS": f"arn:aws:sts::{OWNER}:assumed-role/Deploy/*"},
        {"AWS": f"arn:aws:sts::{OWNER}:federated-user/bob"},
    ],
)
def test_whoever_cannot_exist_is_refused(element) -> None:
    with pytest.raises(PolicyInvalid):
        parse_principals(element)


def test_a_policy_lists_those_who_must_exist() -> None:
    policy = resource_policy(
        statement("Allow", "*", "*", Principal={"AWS": [BOB.arn, OTHER]}),
        statement("Deny", "*", "*", NotPrincipal={"AWS": [DEPLOY, SESSION.arn]}),
        statement("Allow", "*", "*"),
    )
    assert policy.principals == {BOB.arn, DEPLOY, SESSION.arn}
