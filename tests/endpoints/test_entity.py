"""Which answer a request's conditions lead to, and what its head says."""

import pytest

from mirror.endpoints.entity import Entity, Head, Plan, choose, encode, plan

TAG = '"d1gest"'


class File:
    size = 1000

    def fileno(self) -> int:
        raise AssertionError("planning needs no descriptor")


def tarball(**changes) -> Entity:
    return Entity(**{"content_type": "a/b", "etag": TAG, "body": File(), "ranges": True, **changes})


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-99", Plan(206, 0, 100)),
        ("bytes=0-0", Plan(206, 0, 1)),
        ("BYTES= 10-19 ", Plan(206, 10, 10)),
        ("bytes=990-", Plan(206, 990, 10)),
        ("bytes=990-5000", Plan(206, 990, 10)),
        ("bytes=-10", Plan(206, 990, 10)),
        ("bytes=-5000", Plan(206, 0, 1000)),
        ("bytes=999-999", Plan(206, 999, 1)),
        ("bytes=1000-", Plan(416, 0, 0)),
        ("bytes=1000-2000", Plan(416, 0, 0)),
        ("bytes=-0", Plan(416, 0, 0)),
        # not a single range of bytes: as if it were not there
        ("bytes=0-1,5-6", Plan(200, 0, 1000)),
        ("bytes=9-5", Plan(200, 0, 1000)),
        ("bytes=-", Plan(200, 0, 1000)),
        ("bytes=a-b", Plan(200, 0, 1000)),
        ("bytes=0-1-2", Plan(200, 0, 1000)),
        ("items=0-1", Plan(200, 0, 1000)),
        ("bytes=\u0661-\u0662", Plan(200, 0, 1000)),
        (f"bytes={'9' * 8000}-", Plan(200, 0, 1000)),
        ("", Plan(200, 0, 1000)),
    ],
)
def test_range(asked, expected):
    """lessons #11: a part of a complete file, exactly, or all of it."""
    assert plan(tarball(), "GET", {"Range": asked}) == expected


@pytest.mark.parametrize(
    ("held", "status"),
    [
        (TAG, 206),
        (f" {TAG} ", 206),
        ('"other"', 200),
        (f"W/{TAG}", 200),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 200),
        ("*", 200),
    ],
)
def test_if_range_takes_our_own_strong_tag_only(held, status):
    """lessons #11."""
    assert plan(tarball(), "GET", {"Range": "bytes=0-9", "If-Range": held}).status == status


def test_if_range_without_a_tag_of_our_own():
    assert plan(tarball(etag=None), "GET", {"Range": "bytes=0-9", "If-Range": TAG}).status == 200


@pytest.mark.parametrize(
    ("method", "entity", "expected"),
    [
        ("HEAD", tarball(), Plan(200, 0, 0)),  # ranges are GET's alone (RFC 9110 §14.2)
        ("GET", tarball(ranges=False), Plan(200, 0, 1000)),
        ("GET", tarball(status=404), Plan(404, 0, 1000)),
        ("HEAD", tarball(status=404), Plan(404, 0, 0)),
        ("GET", tarball(body=b""), Plan(416, 0, 0)),
    ],
)
def test_range_where_it_means_nothing(method, entity, expected):
    """lessons #11."""
    assert plan(entity, method, {"Range": "bytes=0-9"}) == expected


def test_suffix_of_nothing_is_everything():
    assert plan(tarball(body=b""), "GET", {"Range": "bytes=-5"}) == Plan(200, 0, 0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": TAG}, 304),
        ({"If-None-Match": f"W/{TAG}"}, 304),
        ({"If-None-Match": f'"a", W/"b" ,{TAG}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"a", "b"'}, 200),
        ({"If-None-Match": "d1gest"}, 200),
        ({"If-None-Match": ""}, 200),
        # the tag decides before the date and before the range (RFC 9110 §13.2.2)
        ({"If-None-Match": TAG, "Range": "bytes=0-9"}, 304),
        ({"If-None-Match": '"a"', "Range": "bytes=0-9"}, 206),
        ({"If-None-Match": '"a"', "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": "Thu, 01 Jan 1970 00:16:40 GMT"}, 304),
        ({"If-Modified-Since": "Thu, 01 Jan 1970 00:16:39 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": "Thu, 01 Jan 99999 00:16:39 GMT"}, 200),
        ({}, 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions(method, headers, status):
    if method == "HEAD" and status == 206:
        status = 200
    assert plan(tarball(last_modified=1000.5), method, headers).status == status


def test_without_validators_nothing_is_unchanged():
    entity = tarball(etag=None)
    assert plan(entity, "GET", {"If-None-Match": TAG}).status == 200
    assert plan(entity, "GET", {"If-None-Match": "*"}).status == 304
    assert plan(entity, "GET", {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}).status == 200


def test_conditions_do_not_turn_an_error_into_304():
    assert plan(tarball(status=404), "GET", {"If-None-Match": "*"}).status == 404


@pytest.mark.parametrize(
    ("accept_encoding", "gzipped"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("gzip, deflate, br", True),
        ("br, deflate", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0.001", True),
        ("gzip;q=0, *", False),
        ("*", True),
        ("*;q=0", False),
        ("identity", False),
        ("identity, gzip;q=0.5", False),
        ("identity;q=0.5, gzip", True),
        ("identity;q=0", False),
        ("gzip;q=2", False),
        ("gzip;q=x", False),
        ("gzip;level=1", False),
    ],
)
def test_choose(accept_encoding, gzipped):
    """lessons #8, #9: the variant that was asked for, weights respected."""
    identity, packed = tarball(), tarball(encoding="gzip", etag='"g"')
    assert choose(identity, packed, accept_encoding) is (packed if gzipped else identity)


def test_choose_without_a_packed_variant():
    entity = tarball()
    assert choose(entity, None, "gzip") is entity


def test_blocks():
    entity = Entity(
        content_type="application/json",
        encoding="gzip",
        etag=TAG,
        last_modified=0.0,
        vary="Accept, Accept-Encoding",
        cache_control="max-age=300",
        headers=(("X-More", "é"),),
        body=b"{}",
    )
    validators = (
        b'ETag: "d1gest"\r\nCache-Control: max-age=300\r\nVary: Accept, Accept-Encoding\r\n'
        b"Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    )
    assert entity.block(304) == b"HTTP/1.1 304 Not Modified\r\n" + validators
    assert entity.block(200) == (
        b"HTTP/1.1 200 OK\r\n" + validators + b"Content-Encoding: gzip\r\n"
        b"Content-Type: application/json\r\nX-More: \xe9\r\nContent-Length: 2\r\n"
    )
    assert entity.block(200) is entity.block(200)


def test_blocks_of_ranges():
    entity = tarball()
    assert b"Content-Range: bytes */1000\r\nContent-Length: 0\r\n" in entity.block(416)
    assert b"Content-Type" not in entity.block(416)
    assert b"Accept-Ranges: bytes\r\n" in entity.block(206)
    assert b"Content-Length" not in entity.block(206)
    assert b"Accept-Ranges" not in tarball(ranges=False).block(200)


def test_head_alone_has_no_length():
    assert Head(content_type="a/b").block(200) == b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n"


def test_a_reason_of_our_own():
    entity = Entity(content_type="a/b", status=409, reason="it already exists", body=b"")
    assert entity.block(409).startswith(b"HTTP/1.1 409 it already exists\r\n")
    assert entity.block(304).startswith(b"HTTP/1.1 304 Not Modified\r\n")


@pytest.mark.parametrize("reason", ["a\r\nX: y", "\0", "\u00e4"])
def test_a_reason_that_would_break_the_head_is_refused(reason):
    with pytest.raises(ValueError, match="cannot be sent"):
        Head(content_type="a/b", reason=reason).block(200)


@pytest.mark.parametrize(
    ("name", "value"),
    [("A", "b\r\nC: d"), ("A\r\nB", "c"), ("A", "\0"), ("", "x"), ("A b", "x"), ("A", "\u0100")],
)
def test_a_field_that_would_break_the_head_is_refused(name, value):
    with pytest.raises(ValueError, match="cannot be sent"):
        encode([(name, value)])
