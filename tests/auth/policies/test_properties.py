"""What must hold for all policies: more denials never open, more permissions never close (§10.6)."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mirror.auth.policies.actions import ACTIONS
from mirror.auth.policies.evaluation import Attached, Decision, Question, decide
from tests.auth.policies.written import (
    BOB,
    CAROL,
    OTHER,
    OWNER,
    PACKAGE,
    READ,
    REGION,
    REPOSITORY,
    ROOT,
    identity,
    of_domain,
    of_repository,
    statement,
)

KINDS = ("own", "session", "domain", "repository")
PATTERNS = [
    "*",
    REPOSITORY,
    PACKAGE,
    f"{REGION}:*",
    f"{REGION}:package/d/r/npm/*",
    "arn:${aws:username}",
]
VERBS = ["*", READ, "codeartifact:Publish*", "codeartifact:*", "codeartifact:?e*", "sts:*"]
CONDITIONS = [
    {},
    {"StringEquals": {"aws:username": "bob"}},
    {"StringNotEquals": {"aws:username": ["bob", "${x:team}"]}},
    {"ForAllValues:StringLike": {"x:team": "a*"}},
    {"ForAnyValue:StringNotEquals": {"x:team": "a"}},
    {"Null": {"x:team": "true"}},
]

elements = st.fixed_dictionaries(
    {
        "names": st.sampled_from([("Action", "Resource"), ("NotAction", "Resource"),
                                  ("Action", "NotResource")]),
        "action": st.sampled_from(VERBS),
        "resource": st.sampled_from(PATTERNS),
        "Condition": st.sampled_from(CONDITIONS),
        "who": st.sampled_from(["*", {"AWS": OWNER}, {"AWS": CAROL.arn}]),
        "other": st.booleans(),
    }
)  # fmt: skip
statements = st.tuples(st.sampled_from(["Allow", "Deny"]), elements)
policies = st.fixed_dictionaries(
    {kind: st.none() | st.lists(statements, min_size=1, max_size=3) for kind in KINDS}
)
questions = st.builds(
    Question,
    st.sampled_from([BOB, CAROL, ROOT]),
    st.sampled_from([each for each in ACTIONS if each.startswith("codeartifact:")]),
    st.sampled_from([REPOSITORY, PACKAGE]),
    st.sampled_from([{}, {"x:team": ("a",)}, {"x:team": ("ab", "b")}]),
)
administrators = st.sampled_from([OWNER, OTHER])


def written(effect: str, element: dict[str, Any], *, resident: bool) -> dict[str, Any]:
    action, resource = element["names"]
    who = {"NotPrincipal" if element["other"] else "Principal": element["who"]}
    return {
        **statement(effect, "*", "*", **{action: element["action"], resource: element["resource"]}),
        "Condition": element["Condition"],
        **(who if resident else {}),
    }


def attached(kind: str, listed: list[tuple[str, dict[str, Any]]]) -> Attached:
    resident = kind in ("domain", "repository")
    texts = [written(effect, element, resident=resident) for effect, element in listed]
    make = {"domain": of_domain, "repository": of_repository}.get(kind, identity)
    return make(*texts)


def answer(question: Question, administrator: str, found: dict[str, Any]) -> Decision:
    made = {kind: attached(kind, listed) for kind, listed in found.items() if listed is not None}
    own = made.pop("own", None)
    return decide(
        question,
        owner=OWNER,
        administrator=administrator,
        identity=() if own is None else (own,),
        **made,
    )


@given(questions, administrators, policies, st.sampled_from(KINDS), elements)
def test_one_more_denial_never_opens(question, administrator, found, kind, element) -> None:
    more = found | {kind: [*(found[kind] or []), ("Deny", element)]}
    if answer(question, administrator, more).allowed:
        assert answer(question, administrator, found).allowed


@given(questions, administrators, policies, st.sampled_from(KINDS), elements)
def test_one_more_permission_never_closes(question, administrator, found, kind, element) -> None:
    if kind == "session" and found[kind] is None:
        return  # a session with a policy has less than one without
    more = found | {kind: [*(found[kind] or []), ("Allow", element)]}
    if answer(question, administrator, found).allowed:
        assert answer(question, administrator, more).allowed


@given(questions, administrators, policies)
def test_a_denial_of_everything_is_heard_wherever_it_has_a_say(
    question, administrator, found
) -> None:
    everything = {"names": ("Action", "Resource"), "action": "*", "resource": "*",
                  "Condition": {}, "who": "*", "other": False}  # fmt: skip
    assert not answer(question, administrator, found | {"own": [("Deny", everything)]}).allowed


@given(questions, administrators, policies)
def test_a_refusal_has_a_reason_and_a_permission_has_a_statement(
    question, administrator, found
) -> None:
    decision = answer(question, administrator, found)
    assert bool(decision.reason) is not decision.allowed
    if decision.allowed and not question.caller.root:
        assert decision.decided_by
    assert decision.consulted <= {"aws:username", "x:team"}


@given(questions, administrators, policies)
def test_keys_that_were_not_consulted_do_not_matter(question, administrator, found) -> None:
    decision = answer(question, administrator, found)
    if "x:team" not in decision.consulted:
        changed = Question(question.caller, question.action, question.resource, {"x:team": ("z",)})
        assert answer(changed, administrator, found) == decision
