"""Which requirements a dependency may have: the grammar of `VersionReq` in Rust's `semver` crate.

A line of the index with any other requirement makes cargo pass over the version in silence.
"""

import re

from mirror.formats.cargo.versions import BUILD, MAX_NUMBER, NUMBER, PRERELEASE

_COMPARATORS = 32  # the crate's own bound
_LENGTH = 1024  # characters
_WILD = r"[*xX]"
_COMPARATOR = re.compile(
    rf" *(?:[=~^]|[<>]=?)? *({NUMBER})"
    rf"(?:\.(?:{_WILD}(?:\.{_WILD})?|({NUMBER})"
    rf"(?:\.(?:{_WILD}|({NUMBER})(?:-{PRERELEASE})?(?:\+{BUILD})?))?))? *",
    re.ASCII,
)
_ANY = re.compile(rf" *{_WILD} *", re.ASCII)


def is_requirement(text: str) -> bool:
    """Whether cargo can read it: `*`, or comparators such as `^1.2` or `>=1, <3` with commas."""
    if len(text) > _LENGTH:
        return False
    if _ANY.fullmatch(text):
        return True
    comparators = text.split(",")
    return len(comparators) <= _COMPARATORS and all(map(_is_comparator, comparators))


def _is_comparator(text: str) -> bool:
    match = _COMPARATOR.fullmatch(text)
    return match is not None and all(
        number is None or int(number) <= MAX_NUMBER for number in match.groups()
    )
