import orjson
import pytest

from mirror.errors import (
    Blocked,
    Conflict,
    Exceeded,
    Invalid,
    MirrorError,
    Misbehaved,
    NotFound,
    Refused,
    Storage,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from tests.formats.cargo.samples import CARGO


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("package", "a"), 404),
        (Unauthenticated("no", presented=False), 401),
        (Refused("no"), 403),
        (Blocked("no"), 409),
        (Conflict("no"), 409),
        (Invalid("no"), 400),
        (Exceeded("no"), 413),
        (Throttled("no"), 429),
        (Misbehaved("no"), 502),
        (Unavailable("no"), 502),
        (Unavailable("no", status=404), 502),
        (Unavailable("no", status=503), 503),
        (Storage("no", full=True), 507),
        (Storage("no"), 503),
        (MirrorError("no"), 500),
    ],
)
def test_every_error_is_json_with_a_detail(error: MirrorError, status: int) -> None:
    """Pitfalls 1, 10, 14 and 19."""
    reply = CARGO.refuse(error)
    assert reply.status == status
    assert reply.headers["Content-Type"] == "application/json"
    assert orjson.loads(reply.body) == {"errors": [{"detail": str(error)}]}


def test_only_a_401_asks_for_the_token() -> None:
    """Pitfall 1: cargo sends its token after a 401 and after nothing else."""
    reply = CARGO.refuse(Unauthenticated("who?", presented=False))
    assert reply.headers["WWW-Authenticate"].startswith("Cargo ")
    assert "WWW-Authenticate" not in CARGO.refuse(Refused("no")).headers


def test_later_says_when() -> None:
    assert CARGO.refuse(Throttled("no", 7)).headers["Retry-After"] == "7"
    assert CARGO.refuse(Unavailable("no", retry_after=3)).headers["Retry-After"] == "3"
    assert "Retry-After" not in CARGO.refuse(NotFound("package", "a")).headers


def test_no_credentials_and_no_half_characters_in_messages() -> None:
    error = Invalid("https://me:secret@host/ said token=abc; half a pair: \ud800")
    detail = orjson.loads(CARGO.refuse(error).body)["errors"][0]["detail"]
    assert detail == "https://host/ said token=***; half a pair: ?"
