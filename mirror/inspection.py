"""Looking into an installation: are the stored files right, why is a version there or not."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress

import click

from mirror.app import Parts
from mirror.errors import Invalid
from mirror.formats import FORMATS
from mirror.formats.format import Format
from mirror.model import Package
from mirror.repositories import listings
from mirror.repositories.merging import Merged, merge
from mirror.repositories.origins import Source
from mirror.repositories.searching import Walk
from mirror.repositories.upstreams import Asked
from mirror.store.verify import Finding, Trouble, verify


async def verify_store(parts: Parts, *, repair: bool) -> list[Finding]:
    """Re-hash every blob, with a progress bar on a terminal; what is wrong, or was aside already.

    `repair` sets damaged files aside and deletes orphaned ones, so that what came from upstream is
    fetched again.
    """
    expected = await parts.packages.blobs()
    total = sum(size for _, size in expected)
    with click.progressbar(
        length=total, label="verifying", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        seen = 0

        def progress(_blobs: int, read: int) -> None:
            nonlocal seen
            bar.update(read - seen)
            seen = read

        findings = await asyncio.to_thread(lambda: list(verify(parts.blobs, expected, progress)))
    # A blob may have come or gone since the rows were read, where a server runs beside us.
    findings = [each for each in findings if await _still_true(parts, each)]
    if repair:
        for finding in findings:
            if finding.trouble in {Trouble.DAMAGED, Trouble.ORPHANED}:
                await asyncio.to_thread(_set_right, parts, finding)
    return findings


async def explain(
    parts: Parts, domain: str, repository: str, format_name: str, asked_for: str
) -> list[str]:
    """What each place of the search says of `PACKAGE[@VERSION]`, as lines for people."""
    form = FORMATS.get(format_name)
    if form is None:
        raise Invalid(f"there is no format '{format_name}': use one of {', '.join(FORMATS)}")
    package, version = _parse(form, asked_for)
    walk = parts.search.walk(await parts.search.repository(domain, repository), format_name)
    holdings = await parts.documents.holdings(walk, package)
    controls = {id_: each.controls for id_, each in holdings.items() if each.controls is not None}
    plan = walk.plan(package, controls)
    sources = plan.sources
    asked: dict[str, Asked] = {}
    for source in sources:
        if source.connection is not None and source.struck is None:
            connection = walk.connection(source)
            asked[source.connection] = await parts.upstreams.listing(connection, package)
    upstream = {
        name: listings.decode(package, parts.blobs.path(each.listing.sha256).read_bytes())
        for name, each in asked.items()
        if each.listing is not None
    }
    merged = merge(form, package, plan.steps, sources, holdings, upstream)
    return list(_told(walk, form.address(package), version, sources, asked, merged))


def _told(
    walk: Walk,
    name: str,
    version: str | None,
    sources: Sequence[Source],
    asked: dict[str, Asked],
    merged: Merged,
) -> Iterator[str]:
    shown = merged.listing.versions
    if version is None:
        yield f"{name} through '{walk.repository.name}': {len(shown)} versions, tags " + (
            ", ".join(f"{tag}={at}" for tag, at in merged.listing.tags.items()) or "none"
        )
    else:
        there = "is there" if version in shown else "is NOT listed"
        yield f"{name}@{version} through '{walk.repository.name}' {there}"
    for source in sources:
        place = f"  {walk.names[source.repository]}"
        if source.connection is not None:
            place += f" -> {source.connection}"
        verdicts = [
            each
            for each in merged.verdicts
            if each.repository == source.repository and each.connection == source.connection
        ]
        if source.struck is not None:
            yield f"{place}: not asked ({source.struck})"
        elif source.connection is not None and (found := asked[source.connection]).listing is None:
            yield f"{place}: {found.outcome} ({found.error})"
        elif version is not None:
            mine = [each.reason for each in verdicts if each.version == version]
            yield f"{place}: {mine[0] if mine else 'does not have this version'}"
        else:
            hidden = [f"{each.version} ({each.reason})" for each in verdicts if not each.shown]
            state = f", {asked[source.connection].outcome}" if source.connection else ""
            yield f"{place}: {len(verdicts)} versions{state}" + (
                f", not from here: {', '.join(hidden[:20])}" if hidden else ""
            )


def _parse(form: Format, asked_for: str) -> tuple[Package, str | None]:
    """`name@version`, where npm's scope begins with an `@` too."""
    name, at, version = asked_for.rpartition("@")
    if not at or not name:
        name, version = asked_for, ""
    namespace, slash, rest = name.rpartition("/")
    return form.package(namespace.removeprefix("@") if slash else "", rest), version or None


async def _still_true(parts: Parts, finding: Finding) -> bool:
    if finding.trouble is Trouble.ASIDE:
        return True
    in_use = await parts.packages.blob_in_use(finding.path.name)
    if finding.trouble is Trouble.ORPHANED:
        return not in_use and finding.path.exists()
    return in_use


def _set_right(parts: Parts, finding: Finding) -> None:
    with suppress(FileNotFoundError):
        if finding.trouble is Trouble.ORPHANED:
            finding.path.unlink()
        else:
            aside = parts.blobs.damaged(finding.path.name)
            aside.parent.mkdir(exist_ok=True)
            finding.path.replace(aside)
