"""Whether a claim is true: at this time, for this payload, by this key (§2.1, §2.2)."""

import hmac
import re

from mirror.auth.signatures.canonical import SERVICE, signature_of, timestamp_of
from mirror.auth.signatures.claims import Claim
from mirror.auth.signatures.refusals import invalid
from mirror.errors import Invalid

SKEW = 300
"""Seconds by which the clocks of both sides may differ."""

UNSIGNED = "UNSIGNED-PAYLOAD"

_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")


def check(claim: Claim, now: float) -> None:
    """Raise `SignatureRefused` for a claim of another service, or not of this time.

    Any region is good: the signature is made with the one that the claim names (§2.1, 3).
    """
    if claim.service != SERVICE:
        raise invalid(f"Credential should be scoped to correct service: '{SERVICE}'.")
    at = timestamp_of(claim.at)
    if claim.date != at[:8]:
        raise invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from"
            f" HTTP: '{claim.date}' != '{at[:8]}', from '{at}'."
        )
    if claim.at > now + SKEW:
        raise invalid(
            f"Signature not yet current: {at} is still later than {timestamp_of(now + SKEW)}"
            f" ({timestamp_of(now)} + {SKEW // 60} min.)"
        )
    good_for = SKEW if claim.expires is None else claim.expires
    if claim.at < now - good_for:
        span = f"{SKEW // 60} min." if claim.expires is None else f"{good_for} s"
        raise invalid(
            f"Signature expired: {at} is now earlier than {timestamp_of(now - good_for)}"
            f" ({timestamp_of(now)} - {span})"
        )


def payload_of(claim: Claim, body: str | None, *, secure: bool) -> str:
    """The payload's hash that must have been signed.

    `body` is the SHA-256 of the body that was received, in lower-case hexadecimal; None where it
    is still to come, so that the declared hash counts, and the caller compares. Raises `Invalid`
    where none is declared then, and `SignatureRefused` where the declared one is another.
    """
    declared = claim.payload
    if body is None:
        if declared is None or not _SHA256.fullmatch(declared):
            raise Invalid("x-amz-content-sha256 must be the SHA-256 of the body, in hexadecimal")
        return declared
    if declared is None:
        return body
    if declared == UNSIGNED:
        if not secure:
            raise invalid(f"{UNSIGNED} is for TLS only: sign the SHA-256 of the body")
        return declared
    if declared.lower() != body:
        raise invalid(
            "The provided 'x-amz-content-sha256' header does not match what was computed."
        )
    return declared


def matches(claim: Claim, key: bytes, payload: str) -> bool:
    """Whether the claim was signed with that signing key; takes the same time either way."""
    request = claim.canonical_request(payload)
    expected = signature_of(key, timestamp_of(claim.at), claim.region, request)
    return hmac.compare_digest(expected, claim.signature)
