import pytest

from mirror.endpoints.exchange import Exchange, entity_of
from mirror.formats.intents import Reply


def test_a_reply_becomes_something_to_send() -> None:
    headers = {"content-type": "text/x", "X-A": "1", "Cache-Control": "private"}
    entity = entity_of(Reply(201, b"body", headers, "Made"))
    assert entity.reason == "Made"
    assert (entity.status, entity.body, entity.content_type) == (201, b"body", "text/x")
    assert (entity.cache_control, entity.headers) == ("private", (("X-A", "1"),))


def test_nobody_keeps_what_says_nothing() -> None:
    entity = entity_of(Reply(200, b""))
    assert (entity.cache_control, entity.content_type) == ("no-store", "application/octet-stream")


def test_the_repository_comes_first() -> None:
    with pytest.raises(RuntimeError, match="looked up before"):
        _ = Exchange(None, "id").held
