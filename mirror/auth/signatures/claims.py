"""What a request says about who signed it: well-formed, and not yet believed.

Reading it takes time that grows with the request's size only.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mirror.auth.signatures.canonical import by_name, canonical_query, canonical_request
from mirror.auth.signatures.presented import PARAMETERS, SIGNATURE, in_header, in_query, one
from mirror.auth.signatures.refusals import incomplete, invalid, missing

_CREDENTIAL = re.compile(
    r"(?P<key_id>\w{1,128})/(?P<date>\d{8})/(?P<region>[\w-]{1,64})/(?P<service>[\w-]{1,64})"
    r"/aws4_request",
    re.ASCII,
)
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110's token, in lower case


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it was received, before anything decoded it.

    `target` is the raw path and query. `headers` may repeat; `Host` must be the one that the
    client sent, also behind a proxy (§2.4). `secure` is whether it came over TLS.
    """

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    secure: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """Who is said to have signed what, and when.

    `at` is in seconds since 1970; `expires` is the lifetime in seconds of a presigned request,
    and None for others. `payload` is the value of `x-amz-content-sha256`.
    """

    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)
    at: float
    expires: int | None
    security_token: str | None = field(repr=False)
    payload: str | None
    request: bytes = field(repr=False)

    def canonical_request(self, payload: str) -> bytes:
        """What was signed, for a payload of that hash."""
        return self.request + payload.encode(errors="surrogateescape")


def claim_of(request: SignedRequest) -> Claim:
    """The claim of either form; raises `SignatureRefused` where there is none or it is malformed.

    Beside what the client listed, `host` and every `x-amz-*` header must be signed (§2.1, 5).
    `content-type` need not be: some SDKs leave it out.
    """
    headers = by_name(request.headers)
    path, _, raw_query = request.target.partition("?")
    query = canonical_query(raw_query)
    parameters = [pair for pair in query if pair[0] in PARAMETERS]
    if "authorization" in headers:
        if any(name == SIGNATURE for name, _ in parameters):
            raise incomplete("Only one auth mechanism allowed: the header, or the query")
        presented = in_header(headers)
    elif parameters:
        presented = in_query(parameters)
        query = [pair for pair in query if pair[0] != SIGNATURE]
    else:
        raise missing()
    scope = _CREDENTIAL.fullmatch(presented.credential)
    if scope is None:
        raise incomplete("Credential must be KEY/YYYYMMDD/REGION/SERVICE/aws4_request")
    if not _SIGNATURE.fullmatch(presented.signature):
        raise incomplete("Signature must be 64 hexadecimal digits in lower case")
    _refuse_chunks(headers)
    signed = _signed(presented.signed_headers, headers)
    return Claim(
        key_id=scope["key_id"],
        date=scope["date"],
        region=scope["region"],
        service=scope["service"],
        signed_headers=signed,
        signature=presented.signature,
        at=presented.at,
        expires=presented.expires,
        security_token=presented.security_token,
        payload=one(headers, "x-amz-content-sha256"),
        request=canonical_request(request.method, path, query, signed, headers),
    )


def _refuse_chunks(headers: Mapping[str, Sequence[str]]) -> None:
    # A way of S3's: an SDK that publishes so fails at AWS too (aws-sdk-kotlin#1217).
    encodings = ",".join(headers.get("content-encoding", ())).lower()
    declared = one(headers, "x-amz-content-sha256") or ""
    if declared.startswith("STREAMING-") or "aws-chunked" in encodings:
        raise invalid("aws-chunked is not accepted: send the body as it is and sign its SHA-256")


def _signed(listed: str, headers: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    names = tuple(listed.lower().split(";"))
    # Twice the same would also let a small list make a huge request of one long header.
    if len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
        raise incomplete("SignedHeaders must be names of headers, each once, with ';' between")
    required = {"host", *(name for name in headers if name.startswith("x-amz-"))}
    for name in sorted(required.difference(names)):
        raise invalid(f"'{name[:100]}' must be a 'SignedHeader' in the AWS Authorization.")
    for name in names:
        if name not in headers:
            raise invalid(f"the signed header '{name[:100]}' is not in the request")
    return names
