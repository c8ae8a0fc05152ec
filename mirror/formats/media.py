"""What a client would rather have: the `Accept` header (RFC 9110 §12.5.1)."""

import re

_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)


def preferences(accept: str) -> dict[str, float]:
    """Media range in lower case to quality, in the header's order.

    Parameters other than `q` are not looked at; of a range named twice the first counts.
    """
    found: dict[str, float] = {}
    for choice in accept.split(","):
        media, *parameters = (part.strip() for part in choice.split(";"))
        quality = 1.0
        for parameter in parameters:
            if match := _QUALITY.fullmatch(parameter):
                quality = float(match[1])
        if media:
            found.setdefault(media.lower(), quality)
    return found
