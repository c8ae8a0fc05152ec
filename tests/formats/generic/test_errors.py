import orjson
import pytest

from mirror.errors import (
    Blocked,
    Conflict,
    Exceeded,
    Invalid,
    NotFound,
    Refused,
    Storage,
    Throttled,
    Unauthenticated,
)
from tests.formats.generic.samples import GENERIC


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (NotFound("asset", "a"), 404, "ResourceNotFoundException"),
        (Unauthenticated("x", presented=False), 401, "AccessDeniedException"),
        (Refused("x"), 403, "AccessDeniedException"),
        (Blocked("x"), 409, "ConflictException"),
        (Conflict("x"), 409, "ConflictException"),
        (Invalid("x"), 400, "ValidationException"),
        (Exceeded("x"), 402, "ServiceQuotaExceededException"),
        (Throttled("x", 3), 429, "ThrottlingException"),
        (Storage("x"), 503, "InternalServerException"),
        (Storage("x", full=True), 507, "InternalServerException"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_are_those_of_the_api(error, status: int, kind: str) -> None:
    """generic.md §5."""
    reply = GENERIC.refuse(error)
    assert reply.status == status
    assert reply.headers["x-amzn-ErrorType"] == kind
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert orjson.loads(reply.body)["__type"] == kind
    assert orjson.loads(reply.body)["message"] == str(error)


@pytest.mark.parametrize(
    "error", [NotFound("asset", "a b"), Conflict("x", kind="asset", name="a b")]
)
def test_the_thing_is_named(error) -> None:
    body = orjson.loads(GENERIC.refuse(error).body)
    assert (body["resourceId"], body["resourceType"]) == ("a b", "asset")


@pytest.mark.parametrize("error", [NotFound("endpoint", "a/b"), Conflict("x")])
def test_what_the_api_has_no_word_for_is_left_out(error) -> None:
    assert orjson.loads(GENERIC.refuse(error).body).keys() == {"__type", "message"}


def test_when_to_come_back() -> None:
    assert GENERIC.refuse(Throttled("x", 3)).headers["Retry-After"] == "3"
    assert "Retry-After" not in GENERIC.refuse(Invalid("x")).headers


def test_a_name_is_asked_for() -> None:
    reply = GENERIC.refuse(Unauthenticated("x", presented=False))
    assert reply.headers["WWW-Authenticate"] == 'Basic realm="mirror"'


def test_no_secrets() -> None:
    body = GENERIC.refuse(Invalid("http://bob:hunter2@up/?token=abc")).body
    assert orjson.loads(body)["message"] == "http://up/?token=***"
