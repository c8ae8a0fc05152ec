"""Provenance that comes with a publication: Sigstore bundles, kept but not verified (npm.md §8)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from mirror.errors import Invalid
from mirror.formats.json_text import parse_json

SUFFIX = ".sigstore"


def attestations(attachments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The bundles among a publication's attachments, as the attestations route shows them.

    A bundle wraps an in-toto statement in a DSSE envelope; the statement names its predicate's
    type. Raises `Invalid` for what is no such bundle.
    """
    return [
        {"predicateType": _predicate_type(key, bundle), "bundle": bundle}
        for key, attachment in attachments.items()
        if key.endswith(SUFFIX)
        for bundle in [_bundle(key, attachment)]
    ]


def _bundle(key: str, attachment: object) -> dict[str, Any]:
    data = attachment.get("data") if isinstance(attachment, dict) else None
    bundle = _parsed(key, data.encode("utf-8")) if isinstance(data, str) else data
    if not isinstance(bundle, dict):
        raise Invalid(f"the attachment '{key}' is not a Sigstore bundle")
    return bundle


def _predicate_type(key: str, bundle: Mapping[str, Any]) -> str:
    envelope = bundle.get("dsseEnvelope")
    payload = envelope.get("payload") if isinstance(envelope, dict) else None
    try:
        statement = _parsed(key, base64.b64decode(payload or "", validate=True))
    except (binascii.Error, ValueError, TypeError):
        statement = None
    predicate = statement.get("predicateType") if isinstance(statement, dict) else None
    if not isinstance(predicate, str):
        raise Invalid(f"the attachment '{key}' has no in-toto statement in its envelope")
    return predicate


def _parsed(key: str, text: bytes) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:
        raise Invalid(f"the attachment '{key}' is not a Sigstore bundle: {error}") from None
