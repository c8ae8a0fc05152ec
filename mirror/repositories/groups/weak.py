"""When two names are variations of one another (User Guide, "Strong and weak match"). Pure.

Names with the same weak key differ only by case, by runs of dashes, dots and underscores, or by
characters that look alike (UTS 39), so that somebody could take one for the other.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources

_SEPARATORS = re.compile("[-._]+")
# Default_Ignorable_Code_Point (DerivedCoreProperties.txt): there, and not to be seen.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def weak_key(text: str) -> str:
    """What variations of a text have in common; fit for comparing only, not for showing.

    Case is folded before characters are compared by their looks, as the User Guide has it: a
    capital I is an i, never an l. Separators come last, because some dashes only look like one.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _SEPARATORS.sub(".", _skeleton(folded, _prototypes()))


def _skeleton(text: str, prototypes: Mapping[int, str]) -> str:
    """UTS 39 §4."""
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFD", visible.translate(prototypes))


@cache
def _prototypes() -> Mapping[int, str]:
    """Each character that looks like others, with what stands for all of them.

    Unicode's prototype may be a capital (O for the digit 0), and once that is folded it may look
    like yet another character.
    """
    path = resources.files("mirror.repositories.groups").joinpath("confusables.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.split(";") for line in lines if not line.startswith("#")]
    found = {
        int(character, 16): "".join(chr(int(each, 16)) for each in prototype.split())
        for character, prototype in pairs
    }
    return {
        character: _skeleton(prototype.casefold(), found) for character, prototype in found.items()
    }
