"""Names of packages, tags and files: what may be mirrored, and the narrower what may be published.

The rules are those of validate-npm-package-name, the npm command's own: "old" packages may have
upper case and `~'!()*`; new ones may not.
"""

import re

from mirror.errors import Invalid, Refused
from mirror.formats.npm.versions import MAX_LENGTH as VERSION_LENGTH
from mirror.formats.npm.versions import is_range
from mirror.model import Package

MAX_LENGTH = 214  # including `@scope/`
TAG_LENGTH = 64

_SAFE = r"A-Za-z0-9_.!~*'()-"  # what JavaScript's encodeURIComponent leaves alone
_NAME = re.compile(rf"(?![._])[{_SAFE}]+", re.ASCII)
_SCOPE = re.compile(rf"(?!\.)[{_SAFE}]+", re.ASCII)
_NEW_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)
_TAG = re.compile(rf"(?!\.+$)[{_SAFE}]{{1,{TAG_LENGTH}}}", re.ASCII)
# `+` because mirrored versions may carry build metadata.
_VERSION = re.compile(rf"(?!\.+$)[+{_SAFE}]{{1,{VERSION_LENGTH}}}", re.ASCII)

_RESERVED = frozenset({"node_modules", "favicon.ico"})
# Modules that `require` finds without any package: publishing one could only mislead.
_MODULES = (
    "assert async_hooks buffer child_process cluster console constants crypto dgram "
    "diagnostics_channel dns domain events fs http http2 https inspector module net os path "
    "perf_hooks process punycode querystring readline repl stream string_decoder sys timers tls "
    "trace_events tty url util v8 vm wasi worker_threads zlib"
)


def package(namespace: str, name: str) -> Package:
    """Coordinates of a package that may exist somewhere; raises `Invalid` naming the rule.

    npm names are case-sensitive and never normalised (`JSONStream` is not `jsonstream`).
    """
    found = Package("npm", namespace, name)
    whole = address(found)
    shown = whole[: MAX_LENGTH + 1].encode("ascii", "backslashreplace").decode("ascii")
    if not name:
        raise Invalid("the package name is missing")
    if len(whole) > MAX_LENGTH:
        raise Invalid(f"a package name has at most {MAX_LENGTH} characters, this one {len(whole)}")
    if name in _RESERVED:
        raise Invalid(f"'{shown}' is a reserved name, not a package name")
    if not _NAME.fullmatch(name) or (namespace and not _SCOPE.fullmatch(namespace)):
        raise Invalid(
            f"'{shown}' is not a package name: it is made of letters, digits and -_.!~*'() only, "
            "does not begin with a dot or an underscore, and has at most one @scope/ in front"
        )
    return found


def address(package: Package) -> str:
    """`name` or `@scope/name`."""
    return f"@{package.namespace}/{package.name}" if package.namespace else package.name


def escaped(package: Package) -> str:
    """The name as one path segment, in the form that every npm client sends."""
    return f"@{package.namespace}%2f{package.name}" if package.namespace else package.name


def split(address: str) -> Package:
    """The package that a decoded name means; raises `Invalid`."""
    if not address.startswith("@"):
        return package("", address)
    scope, slash, name = address[1:].partition("/")
    if not slash or not scope:
        raise Invalid("a scoped package is written @scope/name")
    return package(scope, name)


def check_new(package: Package) -> None:
    """Raise `Invalid` where a package of this name may be mirrored but not published."""
    whole = address(package)
    for part in filter(None, (package.namespace, package.name)):
        if not _NEW_NAME.fullmatch(part):
            raise Invalid(
                f"'{whole}' cannot be published: new names are made of lower-case letters, "
                "digits, dots, hyphens and underscores, and begin with a letter or digit"
            )
    if not package.namespace and package.name in _MODULES.split():
        raise Invalid(f"'{whole}' cannot be published: it is a module of Node.js itself")


def check_tag(tag: str) -> None:
    """Raise `Invalid` where a dist-tag breaks npm's rules."""
    if not _TAG.fullmatch(tag):
        raise Invalid(
            f"a dist-tag has 1 to {TAG_LENGTH} characters, letters, digits and -_.!~*'() only"
        )
    if is_range(tag):
        raise Invalid(f"'{tag}' cannot be a dist-tag: npm would read it as a version range")


def check_removable(tag: str) -> None:
    """Raise `Refused` for `latest`: every install without a version follows it."""
    if tag == "latest":
        raise Refused("the tag 'latest' cannot be removed; point it at another version instead")
    if not _TAG.fullmatch(tag):
        raise Invalid("this is no dist-tag")


def is_version(text: str) -> bool:
    """Whether the text may name a mirrored version or a tag, and stand in an address as it is."""
    return _VERSION.fullmatch(text) is not None


def file_name(package: Package, version: str) -> str:
    """The public name of a version's tarball."""
    return f"{package.name}-{version}.tgz"


def file_version(package: Package, file: str) -> str | None:
    """The version in a tarball's public name, or None where it is no such name.

    The name's length decides, never a hyphen: names and prereleases both contain them
    (wyatt-herkamp/nitro_repo#561).
    """
    prefix = f"{package.name}-"
    if not file.startswith(prefix) or not file.endswith(".tgz"):
        return None
    version = file[len(prefix) : -len(".tgz")]
    return version if is_version(version) else None
