"""Core metadata (METADATA, PKG-INFO): what is kept of it, and what the API shows.

Only name and version are judged; everything else is taken as it comes, for registries that check
more keep refusing what new build tools write (twine#1146, #1216).
"""

import re
from collections.abc import Mapping
from typing import Any

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mirror.errors import Exceeded, Invalid
from mirror.model import Dependency, Summary

LIMIT = 4 * 1024**2  # bytes of METADATA or PKG-INFO; the longest readmes of pypi.org have 1 MB
_LINES = 50_000  # descriptions were once among the fields, folded into lines
_FIELDS = 250  # different ones, of which there are 36; the parser looks through all for each
_DEPENDENCIES = 5_000
_REQUIREMENT_LENGTH = 4096  # characters
_README_LIMIT = 128 * 1024  # characters
_REPOSITORIES = re.compile(
    r"source|source ?code|repository|repo|code|git ?hub|git ?lab", re.IGNORECASE
)
_LICENSE = "License :: "


def parse(content: bytes) -> dict[str, Any]:
    """The fields by PEP 566's lower-case names; raises `Invalid` where name or version is missing.

    The description below the headers is kept from the mail parser, which would take it apart as
    MIME where a header tells it to, to any depth.
    """
    # To the mail parser a lone carriage return ends a line, too.
    text = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head, _, body = text.partition(b"\n\n")
    lines = head.split(b"\n")
    if len(lines) > _LINES:
        raise Exceeded(f"the metadata in the archive has more than {_LINES} lines of fields")
    names = {line.partition(b":")[0].lower() for line in lines if line[:1] not in (b" ", b"\t")}
    if len(names) > _FIELDS:
        raise Exceeded(f"the metadata in the archive has more than {_FIELDS} different fields")
    try:
        fields: dict[str, Any] = dict(parse_email(head + b"\n")[0])
    except (ValueError, LookupError, TypeError) as error:
        raise Invalid(f"the metadata in the archive cannot be read: {error}") from None
    if body.strip():
        fields["description"] = body.decode("utf-8", "replace")
    for field in ("name", "version"):
        if not isinstance(fields.get(field), str) or not fields[field].strip():
            raise Invalid(f"the metadata in the archive has no {field.title()}")
    return fields


def kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the version's manifest remembers; the readme is kept with the summary."""
    return {name: value for name, value in fields.items() if name != "description" and value}


def dependencies(metadata: Mapping[str, Any]) -> tuple[Dependency, ...]:
    """Requires-Dist; the requirement is the specifier with its marker. The type is left unset."""
    found = metadata.get("requires_dist")
    texts = found[:_DEPENDENCIES] if isinstance(found, list) else []
    return tuple(each for text in texts if (each := _dependency(text)) is not None)


def summary(metadata: Mapping[str, Any], readme: object = None) -> Summary:
    """The descriptive fields."""
    links = metadata.get("project_urls")
    urls = links if isinstance(links, dict) else {}
    text = readme if isinstance(readme, str) and readme.strip() else None
    return Summary(
        display_name=_text(metadata.get("name")),
        summary=_text(metadata.get("summary")),
        home_page=_text(metadata.get("home_page"))
        or _labelled(urls, re.compile("home ?page", re.IGNORECASE)),
        source_repository=_labelled(urls, _REPOSITORIES),
        licenses=_licenses(metadata),
        readme=None if text is None else text[:_README_LIMIT],
    )


def _dependency(text: object) -> Dependency | None:
    if not isinstance(text, str) or len(text) > _REQUIREMENT_LENGTH:
        return None
    try:
        found = Requirement(text)
    except (InvalidRequirement, RecursionError):  # a marker of a thousand parentheses
        return None
    parts = (f"@ {found.url}" if found.url else str(found.specifier), str(found.marker or ""))
    return Dependency("", canonicalize_name(found.name), "", "; ".join(filter(None, parts)))


def _licenses(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The SPDX expression; else the classifiers; else a `License` that is a name, not its text."""
    expression = _text(metadata.get("license_expression"))
    if expression is not None:
        return (expression,)
    classifiers = metadata.get("classifiers")
    named = tuple(
        each.rpartition(" :: ")[2]
        for each in (classifiers if isinstance(classifiers, list) else [])
        if isinstance(each, str) and each.startswith(_LICENSE)
    )
    written = _text(metadata.get("license"))
    return named or ((written,) if written is not None and "\n" not in written else ())


def _labelled(urls: Mapping[Any, Any], label: re.Pattern[str]) -> str | None:
    for name, url in urls.items():
        if isinstance(name, str) and label.fullmatch(name.strip()):
            return _text(url)
    return None


def _text(value: object) -> str | None:
    """A field's text; `UNKNOWN` is what old tools wrote for none."""
    return value if isinstance(value, str) and value.strip() not in ("", "UNKNOWN") else None
