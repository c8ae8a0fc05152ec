"""Whether a claim is true: the vectors of auth-and-policy §2.6, and everything but them."""

import hashlib
from dataclasses import replace

import pytest

from mirror.auth.signatures import SignatureRefused, SignedRequest, claim_of
from mirror.auth.signatures.refusals import mismatch
from mirror.auth.signatures.verifying import check, payload_of
from mirror.errors import Invalid
from tests.auth.signatures.samples import (
    DESCRIBE,
    DOMAINS,
    EMPTY,
    NOW,
    PRESIGNED,
    SECRET,
    TAGS,
    TIMESTAMP,
    VECTORS,
    Vector,
    genuine,
    header,
    signed,
    with_header,
)

MINUTE = 60.0


def refused(*args, **kwargs) -> str:
    with pytest.raises(SignatureRefused) as caught:
        genuine(*args, **kwargs)
    assert caught.value.code == "InvalidSignatureException"
    assert caught.value.presented
    return str(caught.value)


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_the_vectors(vector: Vector) -> None:
    claim = claim_of(vector.request)
    body = hashlib.sha256(vector.body).hexdigest()
    assert hashlib.sha256(claim.canonical_request(body)).hexdigest() == vector.canonical
    assert claim.signature == vector.signature
    assert genuine(vector.request, vector.body)


def retargeted(vector: Vector, old: str, new: str) -> SignedRequest:
    assert old in vector.request.target
    return replace(vector.request, target=vector.request.target.replace(old, new))


def reauthorized(vector: Vector, old: str, new: str) -> SignedRequest:
    value = header(vector.request, "Authorization")
    assert old in value
    return with_header(vector.request, "Authorization", value.replace(old, new))


TAMPERED = {
    "method": replace(DESCRIBE.request, method="DELETE"),
    "path": retargeted(DESCRIBE, "/domain", "/repository"),
    "slash": retargeted(DESCRIBE, "/domain", "/domain/"),
    "value": retargeted(DESCRIBE, "my-domain", "my-domaim"),
    "name": retargeted(DESCRIBE, "domain=", "Domain="),
    "one more": retargeted(DESCRIBE, "my-domain", "my-domain&a=b"),
    "one less": retargeted(DESCRIBE, "?domain=my-domain", ""),
    "decoded twice": retargeted(TAGS, "%252a", "%2a"),
    "plus for space": retargeted(TAGS, "%20", "+"),
    "space for plus": retargeted(TAGS, "%2B", "%20"),
    "host": with_header(DESCRIBE.request, "Host", "127.0.0.1"),
    "second host": with_header(DESCRIBE.request, "Host", "127.0.0.1:8080", "a"),
    "content type": with_header(DOMAINS.request, "Content-Type", "text/json"),
    "time": with_header(DESCRIBE.request, "X-Amz-Date", "20260102T030406Z"),
    "day": reauthorized(DESCRIBE, "20260102/", "20260103/"),
    "region": reauthorized(DESCRIBE, "us-east-1", "us-east-2"),
    "service": reauthorized(DESCRIBE, "codeartifact", "s3"),
    "signed headers": reauthorized(DESCRIBE, "x-amz-date", "x-amz-date;accept-encoding"),
    "order": reauthorized(DESCRIBE, "host;x-amz-date", "x-amz-date;host"),
    "signature": reauthorized(DESCRIBE, "Signature=7", "Signature=8"),
    "presigned value": retargeted(PRESIGNED, "my-domain", "my-domaim"),
    "presigned method": replace(PRESIGNED.request, method="POST"),
    "presigned host": with_header(PRESIGNED.request, "Host", "elsewhere"),
    "presigned expiry": retargeted(PRESIGNED, "3600", "3601"),
    "presigned time": retargeted(PRESIGNED, TIMESTAMP, "20260102T030404Z"),
    "presigned region": retargeted(PRESIGNED, "us-east-1", "eu-west-1"),
    "presigned signature": retargeted(PRESIGNED, "Signature=9", "Signature=8"),
    "presigned one more": retargeted(PRESIGNED, "&X-Amz-Sig", "&a=b&X-Amz-Sig"),
}


def prove(request: SignedRequest, body: bytes) -> None:
    if not genuine(request, body):
        raise mismatch()


@pytest.mark.parametrize("request_", TAMPERED.values(), ids=TAMPERED)
def test_a_changed_request(request_) -> None:
    body = DOMAINS.body if request_.target == "/v1/domains" else b""
    with pytest.raises(SignatureRefused) as caught:
        prove(request_, body)
    assert caught.value.code == "InvalidSignatureException"


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_another_body_or_secret(vector: Vector) -> None:
    assert not genuine(vector.request, vector.body + b" ")
    assert not genuine(vector.request, vector.body, secret=SECRET.swapcase())
    assert not genuine(vector.request, vector.body, secret="")


def test_what_proxies_may_change() -> None:
    """Order and case of names, spaces around values, and whatever is not signed."""
    request = signed("GET", "/v1/domain", ("X-Two", "a b"))
    assert genuine(request)
    assert genuine(replace(request, headers=list(reversed(request.headers))))
    assert genuine(replace(request, headers=[(k.upper(), v) for k, v in request.headers]))
    assert genuine(with_header(request, "X-Two", "  a   b "))
    assert genuine(with_header(request, "X-Forwarded-For", "10.0.0.1"))
    assert not genuine(with_header(request, "X-Two", "ab"))


def test_values_of_a_header_that_repeats_keep_their_order() -> None:
    request = signed("GET", "/v1/domain", ("X-Two", "b"), ("X-Two", "a"))
    assert genuine(request)
    assert genuine(with_header(request, "X-Two", "b,a"))
    assert not genuine(with_header(request, "X-Two", "a", "b"))


@pytest.mark.parametrize(
    ("target", "same"),
    [
        ("/v1/x?a=~&b=*&c=%252a", "/v1/x?c=%252a&b=%2A&a=%7E"),
        ("/v1/x?a=%2f&b=%C3%A9", "/v1/x?b=%c3%a9&a=/"),
        ("/v1/x?a&b=", "/v1/x?b&a="),
        ("/v1/x?a=2&a=1&a=", "/v1/x?a&a=1&a=2"),
        ("/v1/x?a=1=2", "/v1/x?a=1%3D2"),
        ("/v1/x?a=1+2", "/v1/x?a=1%2B2"),
        ("/v1/x?a=%zz%", "/v1/x?a=%25zz%25"),
        ("/v1/x?a-b=1&a=2", "/v1/x?a=2&a-b=1"),
        ("/v1/x?", "/v1/x"),
        ("/v1/x", "//v1/./y/../x"),
        ("/", "/../."),
    ],
)
def test_spellings_of_the_same_target(target, same) -> None:
    assert genuine(replace(signed("GET", target), target=same))


@pytest.mark.parametrize(
    ("target", "other"),
    [
        ("/v1/x?a=1+2", "/v1/x?a=1%202"),
        ("/v1/x?a=%252a", "/v1/x?a=*"),
        ("/v1/x?a=1&a=1", "/v1/x?a=1"),
        ("/v1/x?a=", "/v1/x"),
        ("/v1/x?a=1&b=2", "/v1/x?a=1%26b=2"),
        ("/v1/x?a=%00", "/v1/x?a="),
        ("/v1/x/y", "/v1/x%2Fy"),
        ("/v1/x", "/v1/x/"),
    ],
)
def test_spellings_of_another_target(target, other) -> None:
    assert not genuine(replace(signed("GET", target), target=other))


def test_bytes_that_are_no_text() -> None:
    latin = b"\xe9".decode("utf-8", "surrogateescape")
    request = signed("GET", f"/v1/{latin}?a={latin}", ("X-Name", latin))
    assert genuine(request)
    assert genuine(replace(request, target=f"/v1/{latin}?a=%E9"))
    assert not genuine(with_header(request, "X-Name", "é"))


@pytest.mark.parametrize("minutes", [-5, -4, 0, 4, 5])
def test_clocks_that_differ_a_little(minutes) -> None:
    assert genuine(DESCRIBE.request, now=NOW + minutes * MINUTE)


def test_clocks_that_differ_too_much() -> None:
    assert refused(DESCRIBE.request, now=NOW + 6 * MINUTE) == (
        "Signature expired: 20260102T030405Z is now earlier than 20260102T030505Z"
        " (20260102T031005Z - 5 min.)"
    )
    assert refused(DESCRIBE.request, now=NOW - 6 * MINUTE) == (
        "Signature not yet current: 20260102T030405Z is still later than 20260102T030305Z"
        " (20260102T025805Z + 5 min.)"
    )
    refused(DESCRIBE.request, now=NOW + 5 * MINUTE + 1)
    refused(DESCRIBE.request, now=NOW - 5 * MINUTE - 1)


def test_a_presigned_request_lives_as_long_as_it_says() -> None:
    assert genuine(PRESIGNED.request, now=NOW + 3600)
    assert refused(PRESIGNED.request, now=NOW + 3601) == (
        "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z"
        " (20260102T040406Z - 3600 s)"
    )
    assert genuine(PRESIGNED.request, now=NOW - 5 * MINUTE)
    assert refused(PRESIGNED.request, now=NOW - 6 * MINUTE).startswith("Signature not yet current")


def test_another_service_or_day() -> None:
    assert refused(TAMPERED["service"]) == (
        "Credential should be scoped to correct service: 'codeartifact'."
    )
    assert refused(TAMPERED["day"]) == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from"
        " HTTP: '20260103' != '20260102', from '20260102T030405Z'."
    )


@pytest.mark.parametrize("date", ["00010101T000000Z", "99991231T235959Z"])
def test_times_at_the_ends_of_the_calendar(date) -> None:
    refused(with_header(DESCRIBE.request, "X-Amz-Date", date))


DATA = b"an asset"
SHA256 = hashlib.sha256(DATA).hexdigest()
DECLARED = ("X-Amz-Content-SHA256", SHA256)


def declaring(value: str, *, secure: bool = False) -> SignedRequest:
    request = signed("POST", "/v1/x", ("X-Amz-Content-SHA256", value), payload=value)
    return replace(request, secure=secure)


@pytest.mark.parametrize("value", [SHA256, SHA256.upper(), f"  {SHA256}"])
def test_a_declared_payload(value) -> None:
    request = declaring(value.strip())
    assert genuine(request, DATA)
    assert genuine(with_header(request, "X-Amz-Content-SHA256", value), DATA)
    message = refused(request, DATA + b"!")
    assert message == (
        "The provided 'x-amz-content-sha256' header does not match what was computed."
    )


def test_a_declared_payload_is_what_was_signed() -> None:
    request = declaring(SHA256)
    assert not genuine(with_header(request, "X-Amz-Content-SHA256", EMPTY), b"")


def test_a_body_that_is_still_to_come() -> None:
    assert payload_of(claim_of(declaring(SHA256)), None, secure=False) == SHA256
    assert payload_of(claim_of(declaring(SHA256.upper())), None, secure=True) == SHA256.upper()


@pytest.mark.parametrize("value", ["", "x", SHA256[1:], SHA256 + "0", "UNSIGNED-PAYLOAD"])
def test_a_body_to_come_must_be_declared(value) -> None:
    for request in (declaring(value, secure=True), signed("POST", "/v1/x")):
        with pytest.raises(Invalid, match="must be the SHA-256 of the body, in hexadecimal"):
            payload_of(claim_of(request), None, secure=True)


def test_an_unsigned_payload_is_for_tls_only() -> None:
    assert genuine(declaring("UNSIGNED-PAYLOAD", secure=True), b"anything")
    message = refused(declaring("UNSIGNED-PAYLOAD"), b"anything")
    assert message == "UNSIGNED-PAYLOAD is for TLS only: sign the SHA-256 of the body"


def test_times_are_checked_without_a_secret() -> None:
    """So that a request of yesterday costs no look-up."""
    with pytest.raises(SignatureRefused):
        check(claim_of(DESCRIBE.request), NOW + 86400)
