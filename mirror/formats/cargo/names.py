"""Names of crates and files, and where a crate's index file is (Cargo Book, "Registry Index")."""

import re

from mirror.errors import Invalid
from mirror.formats.cargo.versions import is_version
from mirror.model import Package

MAX_LENGTH = 64  # characters, as on crates.io

_NAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_-]{{0,{MAX_LENGTH - 1}}}", re.ASCII)
_SUFFIX = ".crate"

# Crates that come with the compiler: whoever names them means those.
_SYSROOT = frozenset({"alloc", "core", "proc_macro", "std", "test"})
# Windows has devices of these names in every folder, so nobody could unpack such a crate there.
_DEVICES = frozenset(
    {"aux", "con", "nul", "prn", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)


def package(namespace: str, name: str) -> Package:
    """Coordinates in lower case, `-` and `_` kept apart as index paths do; raises `Invalid`.

    How the author spells the name is told by every line of the index.
    """
    if namespace:
        raise Invalid("crates have no namespace")
    if not is_name(name):
        raise Invalid(
            f"{shown(name)} is not the name of a crate: it is made of 1 to {MAX_LENGTH} ASCII "
            "letters, digits, - and _ and does not begin with -"
        )
    return Package("cargo", "", name.lower())


def is_name(text: str) -> bool:
    """Whether a crate of this name may exist somewhere."""
    return _NAME.fullmatch(text) is not None


def check_new(name: str) -> None:
    """Raise `Invalid` where a crate of this name may be mirrored but not published.

    The rules of crates.io, but for the names that it keeps for parts of the compiler.
    """
    package("", name)
    if not name[0].isalpha():
        raise Invalid(f"'{name}' cannot be published: a new name begins with a letter")
    plain = name.lower().replace("-", "_")
    if plain in _SYSROOT:
        raise Invalid(f"'{name}' cannot be published: a crate of that name comes with the compiler")
    if plain in _DEVICES:
        raise Invalid(f"'{name}' cannot be published: it is the name of a device on Windows")


def folder(name: str) -> str:
    """The folder of a crate's index file, `it/oa` for `itoa`; the case is that of `name`."""
    if len(name) <= 2:
        return str(len(name))
    return f"3/{name[0]}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}"


def index_path(package: Package) -> str:
    """Where the index file is, below the index."""
    return f"{folder(package.name)}/{package.name}"


def file_name(name: str, version: str) -> str:
    """A version's one file; `name` as its author spells it."""
    return f"{name}-{version}{_SUFFIX}"


def file_version(name: str, file: str) -> str | None:
    """The version in the name of a crate's file, or None where it is no such name.

    The name's length decides, never a hyphen: names and versions both contain them.
    """
    version = file[len(name) + 1 : -len(_SUFFIX)]
    return version if is_version(version) and file == file_name(name, version) else None


def shown(text: str) -> str:
    """Whatever text in quotes, fit for a message: ASCII, and not too long."""
    return ascii(text[: MAX_LENGTH + 1])
