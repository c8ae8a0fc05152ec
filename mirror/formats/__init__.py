"""The ecosystems that the mirror speaks.

To add one: a folder beside this file with a class that implements `format.Format` (pure: no I/O,
no clock), one line below, and a folder of recorded upstream documents in `tests/formats/`. What
two formats need (digests, archives, JSON of strangers) lives in named files here; formats never
import each other.
"""

from collections.abc import Mapping

from mirror.formats.cargo import Cargo
from mirror.formats.format import Format
from mirror.formats.generic import Generic
from mirror.formats.npm import Npm
from mirror.formats.pypi import PyPI

FORMATS: Mapping[str, Format] = {
    "cargo": Cargo(),
    "generic": Generic(),
    "npm": Npm(),
    "pypi": PyPI(),
}
