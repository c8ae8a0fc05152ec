import pytest

from mirror.errors import (
    Conflict,
    Exceeded,
    Invalid,
    MirrorError,
    Misbehaved,
    NotFound,
    Refused,
    Storage,
    Unauthenticated,
    Unavailable,
)
from tests.formats.pypi.samples import PYPI


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("package", "a"), 404),
        (Unauthenticated("no", presented=False), 401),
        (Refused("no"), 403),
        (Conflict("no"), 409),
        (Invalid("no"), 400),
        (Exceeded("no"), 413),
        (Misbehaved("no"), 502),
        (Unavailable("no"), 502),
        (Unavailable("no", status=404), 502),
        (Unavailable("no", status=503), 503),
        (Storage("no", full=True), 507),
        (Storage("no"), 503),
        (MirrorError("no"), 500),
    ],
)
def test_statuses(error: MirrorError, status: int) -> None:
    """Lessons #14."""
    reply = PYPI.refuse(error)
    assert reply.status == status
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_duplicate_says_the_words_that_clients_look_for() -> None:
    """Pitfall 20; twine#1251."""
    assert b"already exists" in PYPI.refuse(Conflict("a 1.0 has other bytes")).body
    assert PYPI.refuse(Conflict("x already exists")).body == b"x already exists\n"


def test_the_challenge() -> None:
    reply = PYPI.refuse(Unauthenticated("who?", presented=False))
    assert reply.headers["WWW-Authenticate"] == 'Basic realm="mirror"'


def test_later_says_when() -> None:
    assert PYPI.refuse(Unavailable("x", retry_after=7)).headers["Retry-After"] == "7"
    assert "Retry-After" in PYPI.refuse(Storage("locked")).headers


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Invalid("name\r\nX: y \x7f \u00e4"), "name?X: y ? ?"),
        (Conflict("a already exists"), "a already exists"),
        (Exceeded("too long: " + "a" * 9999), "too long: " + "a" * 240),
        (Refused("origin controls"), "origin controls"),
        (Unauthenticated("who?", presented=False), ""),
        (NotFound("package", "a"), ""),
        (Unavailable("no"), ""),
    ],
)
def test_what_a_publisher_has_to_know_is_in_the_reason(error: MirrorError, reason: str) -> None:
    """twine without `--verbose` and hatch show nothing else (pypi.md §5)."""
    assert PYPI.refuse(error).reason == reason


def test_no_credentials_in_messages() -> None:
    error = Invalid("https://me:secret@host/ said token=abc; half a pair: \ud800")
    assert PYPI.refuse(error).body == b"https://host/ said token=***; half a pair: ?\n"
