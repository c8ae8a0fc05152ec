"""One version may be spelt in several ways (PEP 440: `1.0` and `1.0.0`). Pure.

A version is stored and shown as it was first written; to find it, spellings are compared by their
format's `identity`.
"""

from collections.abc import Callable, Collection

Identity = Callable[[str], str]
"""`Format.identity`: equal for spellings of one version."""


def spelling(wanted: str, versions: Collection[str], identity: Identity) -> str | None:
    """`wanted` as one of these versions spells it; None where it is none of them."""
    if wanted in versions:
        return wanted
    same = identity(wanted)
    return next((each for each in versions if identity(each) == same), None)
