"""Reading what a request claims: both forms, and everything that is neither."""

import contextlib
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.auth.signatures import SignatureRefused, SignedRequest, claim_of
from tests.auth.signatures.samples import (
    DESCRIBE,
    HOST,
    KEY_ID,
    NOW,
    PRESIGNED,
    REGION,
    SCOPE,
    TIMESTAMP,
    header,
    signed,
    with_header,
)

MISSING = "MissingAuthenticationTokenException"
INCOMPLETE = "IncompleteSignatureException"
INVALID = "InvalidSignatureException"

AUTHORIZATION = header(DESCRIBE.request, "Authorization")


def refused(request: SignedRequest) -> tuple[str, str]:
    with pytest.raises(SignatureRefused) as caught:
        claim_of(request)
    return caught.value.code, str(caught.value)


def authorized(value: str) -> SignedRequest:
    return with_header(DESCRIBE.request, "Authorization", value)


def test_the_header_form() -> None:
    claim = claim_of(DESCRIBE.request)
    assert (claim.key_id, claim.date, claim.region) == (KEY_ID, "20260102", REGION)
    assert (claim.service, claim.at, claim.expires) == ("codeartifact", NOW, None)
    assert claim.signed_headers == ("host", "x-amz-date")
    assert (claim.signature, claim.security_token) == (DESCRIBE.signature, None)
    assert claim.payload is None


def test_the_query_form() -> None:
    claim = claim_of(PRESIGNED.request)
    assert (claim.key_id, claim.date, claim.region) == (KEY_ID, "20260102", REGION)
    assert (claim.service, claim.at, claim.expires) == ("codeartifact", NOW, 3600)
    assert claim.signed_headers == ("host",)
    assert (claim.signature, claim.security_token) == (PRESIGNED.signature, None)


def test_a_claim_shows_no_secrets() -> None:
    request = with_header(signed("GET", "/", ("X-Amz-Security-Token", "hush")), "Via", "x")
    shown = repr(claim_of(request))
    assert claim_of(request).security_token == "hush"
    assert "hush" not in shown
    assert header(request, "Authorization")[-64:] not in shown


def test_nobody() -> None:
    request = SignedRequest("GET", "/v1/domain?domain=d", [HOST])
    with pytest.raises(SignatureRefused) as caught:
        claim_of(request)
    assert caught.value.code == MISSING
    assert not caught.value.presented
    assert str(caught.value) == "Request is missing Authentication Token"


@pytest.mark.parametrize(
    "value",
    [
        AUTHORIZATION.replace(", ", ","),
        AUTHORIZATION.replace(", ", " ,  "),
        AUTHORIZATION.replace("SHA256 ", "SHA256    "),
        AUTHORIZATION.replace("host;x-amz-date", "Host;X-Amz-Date"),
    ],
)
def test_spellings_of_the_same(value) -> None:
    assert claim_of(authorized(value)) == claim_of(DESCRIBE.request)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer mirror_secret",
        "Basic YXdzOm1pcnJvcl9zZWNyZXQ=",
        AUTHORIZATION.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        AUTHORIZATION.replace("AWS4-HMAC-SHA256", "aws4-hmac-sha256"),
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 ,",
        AUTHORIZATION + ",",
        AUTHORIZATION + ", More=1",
        AUTHORIZATION + f", Credential={SCOPE}",
        AUTHORIZATION.replace(f"Credential={SCOPE}, ", ""),
        AUTHORIZATION.replace("SignedHeaders=host;x-amz-date, ", ""),
        AUTHORIZATION.partition(", Signature")[0],
        AUTHORIZATION.replace("host;x-amz-date", ""),
        AUTHORIZATION.replace("host;x-amz-date", "host;;x-amz-date"),
        AUTHORIZATION.replace("host;x-amz-date", "host;x-amz-date;host"),
        AUTHORIZATION.replace("host;x-amz-date", "host;Host;x-amz-date"),
        AUTHORIZATION.replace("host;x-amz-date", "host;x-amz-date;a b"),
        AUTHORIZATION.replace("host;x-amz-date", "host;x-amz-date;a\nb"),
        AUTHORIZATION.replace("host;x-amz-date", "host;x-amz-date;é"),
        AUTHORIZATION[:-1],
        AUTHORIZATION + "0",
        AUTHORIZATION.replace(DESCRIBE.signature, DESCRIBE.signature.upper()),
        AUTHORIZATION.replace(DESCRIBE.signature, "g" * 64),
        AUTHORIZATION.replace("aws4_request", "aws4"),
        AUTHORIZATION.replace("/aws4_request", ""),
        AUTHORIZATION.replace(KEY_ID, ""),
        AUTHORIZATION.replace(KEY_ID, "A/B"),
        AUTHORIZATION.replace(KEY_ID, "A" * 129),
        AUTHORIZATION.replace(KEY_ID, "ÄKID"),
        AUTHORIZATION.replace("20260102", "2026010"),
        AUTHORIZATION.replace("20260102", "2026010²"),
        AUTHORIZATION.replace(REGION, ""),
        AUTHORIZATION.replace(REGION, "r" * 65),
    ],
)
def test_what_cannot_be_read(value) -> None:
    code, message = refused(authorized(value))
    assert code == INCOMPLETE
    assert "secret" not in message
    assert "c2VjcmV0" not in message


def test_a_package_managers_token_is_told_so() -> None:
    assert refused(authorized("Bearer mirror_T"))[1] == (
        "Authorization must be of the scheme AWS4-HMAC-SHA256: sign with an access key, "
        "tokens are for package managers"
    )


def test_everything_that_is_absent_is_named() -> None:
    assert refused(authorized("AWS4-HMAC-SHA256 Signature=" + "0" * 64))[1] == (
        "Authorization header requires 'Credential' parameter. "
        "Authorization header requires 'SignedHeaders' parameter."
    )


@pytest.mark.parametrize("name", ["Authorization", "X-Amz-Date"])
def test_what_must_not_be_there_twice(name) -> None:
    value = header(DESCRIBE.request, name)
    code, message = refused(with_header(DESCRIBE.request, name, value, value))
    assert (code, message) == (INCOMPLETE, f"the header '{name.lower()}' must be there once")


def test_both_forms_at_once() -> None:
    request = with_header(PRESIGNED.request, "Authorization", AUTHORIZATION)
    assert refused(request)[0] == INCOMPLETE


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Fri, 02 Jan 2026 03:04:05 GMT", NOW),
        ("Fri, 02 Jan 2026 04:04:05 +0100", NOW),
        ("Fri, 02 Jan 2026 03:04:05 -0000", NOW),
        (TIMESTAMP, NOW),
    ],
)
def test_a_date_instead_of_amazons_own(date, at) -> None:
    request = with_header(with_header(DESCRIBE.request, "X-Amz-Date"), "Date", date)
    value = AUTHORIZATION.replace("x-amz-date", "date")
    assert claim_of(with_header(request, "Authorization", value)).at == at


@pytest.mark.parametrize("name", ["X-Amz-Date", "Date"])
@pytest.mark.parametrize(
    "date",
    [
        "now",
        "20260102T030405",
        "20260102T030405z",
        "2026-01-02T03:04:05Z",
        "20261302T030405Z",
        "20260102T250405Z",
        "20260102T030460Z",
        "٢0260102T030405Z",
        "00000102T030405Z",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "9" * 100_000,
        f"Fri, 02 Jan {'9' * 40} 03:04:05 GMT",
    ],
)
def test_dates_that_are_none(name, date) -> None:
    request = with_header(DESCRIBE.request, "X-Amz-Date")
    code, message = refused(with_header(request, name, date))
    assert code == INCOMPLETE
    assert message == "Date must be in ISO-8601 'basic format': YYYYMMDD'T'HHMMSS'Z'"


def test_no_date_at_all() -> None:
    code, message = refused(with_header(DESCRIBE.request, "X-Amz-Date"))
    assert code == INCOMPLETE
    assert message.endswith("requires existence of either a 'X-Amz-Date' or a 'Date' header.")


@given(st.text(st.characters(max_codepoint=0x2FF), max_size=80))
def test_any_date_is_read_or_refused(date) -> None:
    with contextlib.suppress(SignatureRefused):
        claim_of(with_header(DESCRIBE.request, "X-Amz-Date", date))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""),
        ("X-Amz-Expires=3600&", ""),
        ("X-Amz-SignedHeaders=host&", ""),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders="),
        (f"X-Amz-Date={TIMESTAMP}&", ""),
        (f"X-Amz-Date={TIMESTAMP}", "X-Amz-Date=Fri"),
        (f"&X-Amz-Signature={PRESIGNED.signature}", ""),
        (f"X-Amz-Credential={SCOPE.replace('/', '%2F')}&", ""),
        ("X-Amz-Expires=3600", "X-Amz-Expires=0"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=-1"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=604801"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=3600.0"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=%D9%A3"),  # three, in Arabic
        ("X-Amz-Expires=3600", "X-Amz-Expires=" + "9" * 10_000),
        ("X-Amz-Expires=3600", "X-Amz-Expires=3600&X-Amz-Expires=604800"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=3600&X%2DAmz%2DExpires=604800"),
    ],
)
def test_presigned_and_malformed(old, new) -> None:
    assert old in PRESIGNED.request.target
    request = replace(PRESIGNED.request, target=PRESIGNED.request.target.replace(old, new))
    assert refused(request)[0] == INCOMPLETE


@pytest.mark.parametrize("seconds", [1, 604_800])
def test_how_long_a_presigned_request_may_live(seconds) -> None:
    target = PRESIGNED.request.target.replace("3600", str(seconds))
    assert claim_of(replace(PRESIGNED.request, target=target)).expires == seconds


@pytest.mark.parametrize("vector", [DESCRIBE, PRESIGNED])
@pytest.mark.parametrize("name", ["X-Amz-Content-SHA256", "x-amz-security-token", "x-amz-anything"])
def test_amazons_headers_must_be_signed(vector, name) -> None:
    code, message = refused(with_header(vector.request, name, "x"))
    assert code == INVALID
    assert message == f"'{name.lower()}' must be a 'SignedHeader' in the AWS Authorization."


def test_the_host_must_be_signed() -> None:
    code, message = refused(authorized(AUTHORIZATION.replace("host;", "")))
    assert (code, message[:6]) == (INVALID, "'host'")


@pytest.mark.parametrize("name", ["host", "x-more"])
def test_what_is_signed_must_be_there(name) -> None:
    """Absent is not empty: else a header could be taken away."""
    request = authorized(AUTHORIZATION.replace("host;x-amz-date", "host;x-amz-date;x-more"))
    request = with_header(with_header(request, "X-More", ""), name)
    code, message = refused(request)
    assert (code, message) == (INVALID, f"the signed header '{name}' is not in the request")


def test_the_declared_payload() -> None:
    request = signed("POST", "/v1/x", ("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"))
    assert claim_of(request).payload == "UNSIGNED-PAYLOAD"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Amz-Content-SHA256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("X-Amz-Content-SHA256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("Content-Encoding", "aws-chunked"),
        ("Content-Encoding", "gzip, AWS-Chunked"),
    ],
)
def test_chunks_with_signatures_of_their_own(name, value) -> None:
    """aws-sdk-kotlin#1217: told plainly, for it looks like a wrong signature."""
    code, message = refused(signed("POST", "/v1/x", (name, value), payload=value))
    assert code == INVALID
    assert message == "aws-chunked is not accepted: send the body as it is and sign its SHA-256"


HUGE = 1_000_000


def _seconds(request: SignedRequest) -> float:
    started = time.process_time()
    with contextlib.suppress(SignatureRefused):
        claim_of(request)
    return time.process_time() - started


@pytest.mark.parametrize(
    "request_",
    [
        authorized(AUTHORIZATION.replace("host;", "host;" * HUGE)),
        authorized("AWS4-HMAC-SHA256 " + "Credential=," * (HUGE // 10)),
        authorized("AWS4-HMAC-SHA256 " + "=" * HUGE),
        authorized("AWS4-HMAC-SHA256" + " " * HUGE),
        authorized(AUTHORIZATION.replace(KEY_ID, "A" * HUGE)),
        authorized(AUTHORIZATION.replace("/", "/" * HUGE)),
        authorized(AUTHORIZATION + "0" * HUGE),
        with_header(DESCRIBE.request, "X-Amz-Date", "9" * HUGE),
        with_header(DESCRIBE.request, "Host", " a" * HUGE),
        with_header(DESCRIBE.request, "Host", *["a"] * (HUGE // 10)),
        replace(DESCRIBE.request, headers=[(f"x-amz-{n}", "") for n in range(HUGE // 10)]),
        replace(DESCRIBE.request, target="/.." * HUGE),
        replace(DESCRIBE.request, target="/v1?" + "&" * HUGE),
        replace(DESCRIBE.request, target="/v1?" + "%" * HUGE),
        replace(DESCRIBE.request, target="/v1?" + "%2a" * HUGE),
        replace(PRESIGNED.request, target="/v1?" + "X-Amz-Date=x&" * (HUGE // 10)),
    ],
    ids=range(16),
)
def test_a_megabyte_is_read_in_time_that_it_is_worth(request_) -> None:
    """A second and more of processor time would be a square of its length, not its length."""
    assert _seconds(request_) < 5


def test_thousands_of_signed_headers() -> None:
    headers = [(f"x-{number}", "v" * 20) for number in range(20_000)]
    request = signed("GET", "/v1/domain", *headers)
    assert len(claim_of(request).signed_headers) == 20_002
    assert _seconds(request) < 5


def test_a_long_header_is_signed_once() -> None:
    """Listed a hundred thousand times, a megabyte would become a hundred gigabytes."""
    names = "host;x-amz-date" + ";x" * 100_000
    request = with_header(
        authorized(AUTHORIZATION.replace("host;x-amz-date", names)), "X", "v" * HUGE
    )
    assert refused(request)[0] == INCOMPLETE


wild = st.text(st.characters(max_codepoint=0x2FF), max_size=60).map(
    lambda text: text.encode().decode("ascii", "surrogateescape")
)


@given(
    method=wild,
    target=st.one_of(wild, wild.map(lambda text: PRESIGNED.request.target + text)),
    headers=st.lists(
        st.tuples(
            st.one_of(wild, st.sampled_from(["Authorization", "Host", "X-Amz-Date", "Date"])),
            st.one_of(wild, wild.map(lambda text: AUTHORIZATION + text), st.just(AUTHORIZATION)),
        ),
        max_size=6,
    ),
    whole=st.booleans(),
)
def test_any_request_is_read_or_refused(method, target, headers, whole) -> None:
    """Bytes that are no ASCII, NUL, CR, LF and all that."""
    headers = [*DESCRIBE.request.headers, *headers] if whole else headers
    with contextlib.suppress(SignatureRefused):
        claim_of(SignedRequest(method, target, headers))
