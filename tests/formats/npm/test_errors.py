import json

import pytest

from mirror import errors
from tests.formats.npm.samples import NPM

CASES = [
    (errors.NotFound("package", "x"), 404),
    (errors.Unauthenticated("say who you are", presented=False), 401),
    (errors.Refused("blocked"), 403),
    (errors.Conflict("taken"), 409),
    (errors.Invalid("bad"), 400),
    (errors.Exceeded("too large"), 413),
    (errors.Unavailable("later", status=429, retry_after=7), 429),
    (errors.Unavailable("later", status=503), 503),
    (errors.Unavailable("slow", status=504), 504),
    (errors.Unavailable("down"), 502),
    (errors.Unavailable("broken", status=500), 502),
    (errors.Unavailable("forbidden", status=403), 502),
    (errors.Misbehaved("wrong digest", status=503), 502),
    (errors.Upstream("odd"), 502),
    (errors.Storage("full", full=True), 507),
    (errors.Storage("locked"), 503),
    (errors.MirrorError("odd"), 500),
]


@pytest.mark.parametrize(("error", "status"), CASES)
def test_every_error_has_one_shape(error: errors.MirrorError, status: int) -> None:
    """lessons #14"""
    reply = NPM.refuse(error)
    assert reply.status == status
    assert json.loads(reply.body) == dict.fromkeys(("error", "message", "reason"), str(error))
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in reply.headers) == (status == 401)
    later = isinstance(error, errors.Unavailable) or status == 503
    assert ("Retry-After" in reply.headers) == later


def test_the_upstreams_own_waiting_time_is_passed_on() -> None:
    """lessons #14"""
    reply = NPM.refuse(errors.Unavailable("later", status=429, retry_after=77))
    assert reply.headers["Retry-After"] == "77"
    assert NPM.refuse(CASES[1][0]).headers["WWW-Authenticate"] == 'Bearer realm="mirror"'


def test_secrets_in_messages_are_masked() -> None:
    message = "GET https://bob:hunter2@up.example/x?token=hunter2&a=1 said _authToken: hunter2"
    reply = NPM.refuse(errors.Unavailable(message))
    assert b"hunter2" not in reply.body
    assert b"https://up.example/x" in reply.body
