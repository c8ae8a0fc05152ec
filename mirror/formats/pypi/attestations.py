"""PEP 740 attestations that come with an upload: kept, checked against the file, not verified.

Who may attest for whom is a question of trust that a private index cannot answer; so they are in
no provenance link.
"""

import base64
import binascii
from typing import Any

from mirror.errors import Exceeded, Invalid
from mirror.formats.json_text import parse_json

_LIMIT = 1024**2  # bytes of all of them; one has some 5 KB
_COUNT = 100


def checked(text: str, file: str, sha256: str) -> bytes:
    """The JSON array as it came; raises `Invalid` where one is not about this very file."""
    content = text.encode("utf-8", "replace")
    if len(content) > _LIMIT:
        raise Exceeded(f"the attestations are larger than {_LIMIT} bytes")
    try:
        found = parse_json(content)
    except ValueError as error:
        raise Invalid(f"the attestations cannot be read: {error}") from None
    if not isinstance(found, list) or not 0 < len(found) <= _COUNT:
        raise Invalid(f"attestations are a JSON array of 1 to {_COUNT} objects")
    for attestation in found:
        _check(attestation, file, sha256)
    return content


def _check(attestation: object, file: str, sha256: str) -> None:
    statement = _statement(attestation)
    subjects = statement.get("subject") if isinstance(statement, dict) else None
    subject = subjects[0] if isinstance(subjects, list) and len(subjects) == 1 else None
    if not isinstance(subject, dict):
        raise Invalid("an attestation has no in-toto statement about one file in its envelope")
    digest = subject.get("digest")
    if subject.get("name") != file:
        raise Invalid(f"an attestation is about another file than '{file}'")
    if not isinstance(digest, dict) or digest.get("sha256") != sha256:
        raise Invalid(f"an attestation's sha256 is not that of '{file}'")


def _statement(attestation: object) -> Any:
    envelope = attestation.get("envelope") if isinstance(attestation, dict) else None
    text = envelope.get("statement") if isinstance(envelope, dict) else None
    try:
        return parse_json(base64.b64decode(text or "", validate=True))
    except (binascii.Error, ValueError, TypeError):
        return None
