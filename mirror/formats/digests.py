"""How ecosystems spell digests, turned into the model's lower-case hex and back."""

import base64
import binascii
import re

HEX_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)


def hex_digest(algorithm: str, text: object) -> str | None:
    """`text` as lower-case hex of `algorithm`, or None where it cannot be one."""
    if not isinstance(text, str):
        return None
    digest = text.lower()
    if len(digest) == HEX_LENGTHS.get(algorithm) and _HEX.fullmatch(digest):
        return digest
    return None


def from_integrity(text: object) -> dict[str, str]:
    """Algorithm to hex from Subresource Integrity metadata (W3C SRI §3.5).

    Several hashes may stand side by side, each with options after `?`. What is malformed or of an
    unknown algorithm promises nothing; of two hashes of one algorithm the first counts.
    """
    digests: dict[str, str] = {}
    if not isinstance(text, str):
        return digests
    for word in text.split():
        algorithm, _, encoded = word.partition("?")[0].partition("-")
        try:
            digest = base64.b64decode(encoded, validate=True).hex()
        except (binascii.Error, ValueError):
            continue
        if len(digest) == HEX_LENGTHS.get(algorithm):
            digests.setdefault(algorithm, digest)
    return digests


def to_integrity(algorithm: str, digest: str) -> str:
    """One hash as Subresource Integrity metadata; `digest` is hex."""
    return f"{algorithm}-{base64.b64encode(bytes.fromhex(digest)).decode('ascii')}"
