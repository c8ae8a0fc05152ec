"""The test vectors of auth-and-policy §2.6, made with botocore, and what judges a request."""

import hashlib
from dataclasses import replace
from typing import NamedTuple

from mirror.auth.signatures import SignedRequest, claim_of, sign
from mirror.auth.signatures.canonical import signing_key
from mirror.auth.signatures.verifying import check, matches, payload_of

KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"
TIMESTAMP = "20260102T030405Z"
NOW = 1767323045.0
SCOPE = f"{KEY_ID}/20260102/{REGION}/codeartifact/aws4_request"
HOST = ("Host", "127.0.0.1:8080")
EMPTY = hashlib.sha256(b"").hexdigest()


class Vector(NamedTuple):
    request: SignedRequest
    body: bytes
    canonical: str
    signature: str


def _with_header(
    method: str, target: str, signature: str, *headers: tuple[str, str]
) -> SignedRequest:
    names = ";".join(sorted(name.lower() for name, _ in (*headers, HOST, ("X-Amz-Date", ""))))
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders={names}, Signature={signature}"
    )
    return SignedRequest(
        method,
        target,
        [
            HOST,
            ("Accept-Encoding", "identity"),
            *headers,
            ("X-Amz-Date", TIMESTAMP),
            ("Authorization", authorization),
        ],
    )


_DESCRIBE = "7672be2bbaaa165d6cbd0d8fb81c72288a931e880248a3b3ba7baaeef76e1a84"
_TAGS = "5ae470c4a813c977a2954bc33df3dcf9f6b9e3de78a996b34e3040209d3eaeeb"
_DOMAINS = "ca8eb3aa09348eeba86f5fa10a15f4e1905be3aeef4912a7f53edf77833c3015"
_PRESIGNED = "9b6f707e9660180511bf1a34cc2cc84a3557388192fd389d5293b987443e81cf"

DESCRIBE = Vector(
    _with_header("GET", "/v1/domain?domain=my-domain", _DESCRIBE),
    b"",
    "e18ae44c2f68442f30f30a34b0d13ca9339c28262339d89d395380eef0052fa3",
    _DESCRIBE,
)
TAGS = Vector(
    _with_header(
        "POST",
        "/v1/tags?resourceArn=arn%3Aaws%3Acodeartifact%3Aus-east-1%3A111122223333%3Apackage-group"
        "%2Fmy-domain%2Fnpm%2Fa%20b%2Bc~%2F%252a",
        _TAGS,
    ),
    b"",
    "d5f46783a30dd8ba2c6fd799b1e3f038e6f11aa7eb1041958062d9d67330ebe2",
    _TAGS,
)
DOMAINS = Vector(
    _with_header("POST", "/v1/domains", _DOMAINS, ("Content-Type", "application/json")),
    b'{"maxResults": 10}',
    "6f8344d992967e239c3c3418f5f742475405cbdb33efba1e3697bb453a2e6470",
    _DOMAINS,
)
PRESIGNED = Vector(
    SignedRequest(
        "GET",
        "/v1/domain?domain=my-domain&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={SCOPE.replace('/', '%2F')}&X-Amz-Date={TIMESTAMP}"
        f"&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature={_PRESIGNED}",
        [HOST, ("Accept", "*/*")],
    ),
    b"",
    "4af93c59e002342e0d9665ac96e36911a14910dea782f529b00104fca654a0d1",
    _PRESIGNED,
)
VECTORS = {"describe": DESCRIBE, "tags": TAGS, "domains": DOMAINS, "presigned": PRESIGNED}


def genuine(
    request: SignedRequest, body: bytes = b"", *, secret: str = SECRET, now: float = NOW
) -> bool:
    """What a server does with a request and its whole body; raises where it is refused before."""
    claim = claim_of(request)
    payload = payload_of(claim, hashlib.sha256(body).hexdigest(), secure=request.secure)
    check(claim, now)
    return matches(claim, signing_key(secret, claim.date, claim.region), payload)


def signed(
    method: str = "GET",
    target: str = "/v1/domain",
    *headers: tuple[str, str],
    payload: str = EMPTY,
    now: float = NOW,
    key_id: str = KEY_ID,
    secret: str = SECRET,
) -> SignedRequest:
    """A request that our own client signed; `Host` comes of itself."""
    request = SignedRequest(method, target, [HOST, *headers])
    added = sign(request, key_id, secret, REGION, payload, now)
    return replace(request, headers=[*request.headers, *added.items()])


def with_header(request: SignedRequest, name: str, *values: str) -> SignedRequest:
    """The same with other values of a header, or without it."""
    kept = [each for each in request.headers if each[0].lower() != name.lower()]
    return replace(request, headers=[*kept, *((name, value) for value in values)])


def header(request: SignedRequest, name: str) -> str:
    [value] = (value for found, value in request.headers if found.lower() == name.lower())
    return value
