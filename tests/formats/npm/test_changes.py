import json

import orjson
import pytest

from mirror.errors import Exceeded, Invalid, Refused
from mirror.formats.changes import Annotate, Nothing, Outcome, Remove, SetTags, SignIn, SignOut
from mirror.formats.intents import Submit
from tests.formats.npm.samples import NPM, body_of, packed, publish, recorded, submit

PUBBY = NPM.package("", "pubby")


def test_deprecating_and_lifting_it() -> None:
    notes = {"2.0.0-beta.1": {"deprecated": "use something else"}}
    assert submit(recorded("published/deprecate.json")) == Annotate(PUBBY, notes, "7")
    notes = {"2.0.0-beta.1": {"deprecated": None}}
    assert submit(recorded("published/undeprecate.json")) == Annotate(PUBBY, notes, "7")


def test_only_the_deprecation_is_taken_from_what_is_sent_back() -> None:
    document = {
        "name": "pubby",
        "versions": {"1.0.0": {"scripts": {"install": "evil"}}, "2.0.0": 7},
    }
    expected = {"1.0.0": {"deprecated": None}, "2.0.0": {"deprecated": None}}
    assert publish(document) == Annotate(PUBBY, expected, None)


@pytest.mark.parametrize("more", [{"_attachments": {}}, {"_attachments": None}, {}])
def test_an_empty_list_of_attachments_is_none(more: dict) -> None:
    assert isinstance(publish({"name": "pubby", "versions": {"1.0.0": {}}} | more), Annotate)


def test_stars_are_accepted_and_not_counted() -> None:
    assert publish({"_id": "pubby", "_rev": "1-0", "users": {"me": True}}) == Nothing()


@pytest.mark.parametrize(
    "document",
    [{}, {"_id": "pubby"}, {"name": "pubby", "versions": {}}, {"name": "pubby", "versions": [1]},
     {"name": "pubby", "versions": {"1.0.0": {"deprecated": 7}}}, [], "1.0.0", None,
     {"name": "other", "versions": {"1.0.0": {}}}, {"_id": "other", "users": {}}],
)  # fmt: skip
def test_documents_that_say_nothing(document: object) -> None:
    with pytest.raises(Invalid):
        submit(orjson.dumps(document))


def test_unpublishing_one_version_keeps_the_others() -> None:
    body = recorded("published/unpublish-version.json")
    assert submit(body, kind="revision", argument="7") == Remove(
        PUBBY, keep=("2.0.0",), revision="7"
    )


def test_an_unpublish_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(Invalid, match="as a whole"):
        submit(b'{"name":"pubby","versions":{}}', kind="revision", argument="7")


def test_owners_are_refused_rather_than_forgotten() -> None:
    with pytest.raises(Refused, match="policies"):
        submit(b'{"_id":"pubby","_rev":"7-0","maintainers":[]}', kind="revision", argument="7")


def test_tags() -> None:
    body = recorded("published/dist-tag.json")
    assert submit(body, kind="tag", argument="beta") == SetTags(PUBBY, {"beta": "2.0.0-beta.1"})
    for wrong in (b"1.0.0 ", b"null", b"{}", b'"../.."', b'""', b'"a b"'):
        with pytest.raises(Invalid):
            submit(wrong, kind="tag", argument="beta")


def test_signing_in() -> None:
    intent = Submit("", "login", argument="u")
    change = NPM.change(intent, recorded("published/login.json"), {})
    assert change == SignIn("u", "pw")
    reply = NPM.acknowledge(change, Outcome(created=True, token="t0"))
    assert reply.status == 201
    assert json.loads(reply.body).items() >= {"ok": True, "token": "t0"}.items()
    assert b"pw" not in reply.body


@pytest.mark.parametrize(
    "body",
    [b"hunter2", b'"hunter2"', b'{"name":"x","password":"hunter2"}', b'{"name":"u"}',
     b'{"name":"u","password":["hunter2"]}', b'{"name":"u","password":""}'],
)  # fmt: skip
def test_a_bad_login_repeats_no_secret(body: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        NPM.change(Submit("", "login", argument="u"), body, {})
    assert "hunter2" not in str(caught.value)


def test_success_is_always_an_object() -> None:
    change = publish(body_of(packed()))
    created = NPM.acknowledge(change, Outcome(created=True, revision=3))
    again = NPM.acknowledge(change, Outcome(revision=3))
    assert (created.status, again.status) == (201, 200)
    expected = {"ok": True, "success": True, "id": "pubby", "rev": "3-0"}
    assert json.loads(created.body) == json.loads(again.body) == expected
    assert created.headers["Cache-Control"] == "no-store"
    for other in (Nothing(), SignOut("t0")):
        assert json.loads(NPM.acknowledge(other, Outcome()).body) == {"ok": True, "success": True}


def test_the_intents_own_limit_holds() -> None:
    receiver = NPM.receiver(Submit("", "tag", PUBBY, "beta", 10))
    with pytest.raises(Exceeded):
        list(receiver.feed(b'"' + b"1" * 20 + b'"'))
