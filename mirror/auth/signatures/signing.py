"""Signing what this program itself sends: the same canonical form, from the other side."""

from mirror.auth.signatures.canonical import (
    ALGORITHM,
    by_name,
    canonical_query,
    canonical_request,
    scope_of,
    signature_of,
    signing_key,
    timestamp_of,
)
from mirror.auth.signatures.claims import SignedRequest


def sign(
    request: SignedRequest, key_id: str, secret: str, region: str, payload_sha256: str, now: float
) -> dict[str, str]:
    """The headers to add to a request, all of whose headers become signed; `Host` is among them.

    `now` is in seconds since 1970.
    """
    timestamp = timestamp_of(now)
    headers = by_name([*request.headers, ("x-amz-date", timestamp)])
    path, _, query = request.target.partition("?")
    signed = sorted(headers)
    canonical = canonical_request(request.method, path, canonical_query(query), signed, headers)
    date = timestamp[:8]
    signature = signature_of(
        signing_key(secret, date, region), timestamp, region, canonical + payload_sha256.encode()
    )
    return {
        "X-Amz-Date": timestamp,
        "Authorization": (
            f"{ALGORITHM} Credential={key_id}/{scope_of(date, region)}, "
            f"SignedHeaders={';'.join(signed)}, Signature={signature}"
        ),
    }
