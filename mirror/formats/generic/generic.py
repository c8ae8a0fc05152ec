"""Generic packages as one object: the `Format` protocol, each member a line into its module."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, BinaryIO

import orjson

from mirror.errors import MirrorError, NotFound
from mirror.formats.changes import Change, Outcome, Part, Publication, Receiver
from mirror.formats.format import Fetch, Findings, Hit, PublicConnection
from mirror.formats.generic import errors, names, publish, requests, views
from mirror.formats.intents import (
    Call,
    Intent,
    ReadIndex,
    ReadPackage,
    Rendering,
    Reply,
    Search,
    Submit,
)
from mirror.model import ListedVersion, Listing, Package, Status


class Generic:
    """Any files, as curl or the API bring them. They come from nowhere else (API contract, U16)."""

    name = "generic"
    lifetime = 300.0
    connections: tuple[PublicConnection, ...] = ()
    upstreams = False
    companions: tuple[str, ...] = ()
    shown = frozenset({Status.PUBLISHED, Status.UNLISTED, Status.UNFINISHED})

    # -- names

    def package(self, namespace: str, name: str) -> Package:
        """Coordinates, as they are written; raises `Invalid`."""
        return names.package(namespace, name)

    def address(self, package: Package) -> str:
        """`namespace/name`, or the name alone."""
        return f"{package.namespace}/{package.name}" if package.namespace else package.name

    def likeness(self, package: Package) -> None:
        """Names are the same or they are not."""

    def order(self, version: str) -> str:
        """Versions mean nothing; any order is as good as another."""
        return version

    def identity(self, version: str) -> str:
        """Every spelling is a version of its own."""
        return version

    def uniqueness(self, version: str) -> str:
        """Any version may be published beside any other."""
        return self.identity(version)

    # -- serving

    def parse(self, call: Call) -> Intent:
        """What a request wants; raises `Invalid` or `NotFound`."""
        return requests.parse(call)

    def render(
        self,
        intent: ReadPackage,
        listing: Listing,
        base: str,  # noqa: ARG002 -- no links
        supplement: bytes = b"",  # noqa: ARG002 -- none was asked for
    ) -> Rendering:
        """The assets of a version."""
        return views.render(intent, listing)

    def index(self, intent: ReadIndex, packages: Sequence[Package]) -> Rendering:  # noqa: ARG002 -- the seam's
        """ListPackages is the API's."""
        raise NotFound("endpoint", intent.view, "generic packages are listed by the API")

    def results(self, intent: Search, local: Sequence[Hit], upstream: bytes | None) -> Rendering:  # noqa: ARG002 -- the seam's
        """Nobody searches files."""
        raise NotFound("endpoint", "search", "generic packages have no search")

    def refuse(self, error: MirrorError) -> Reply:
        """An error as the API words it."""
        return errors.refuse(error)

    # -- upstream: there is none

    def conversation(self, base: str, package: Package) -> Generator[Fetch, bytes, None]:  # noqa: ARG002 -- the seam's
        """Nothing to ask."""
        yield from ()

    def read(
        self,
        package: Package,
        documents: Sequence[bytes],  # noqa: ARG002 -- the seam's
        urls: Sequence[str] = (),  # noqa: ARG002 -- the seam's
    ) -> Listing:
        """Nothing was said."""
        return Listing(package)

    def refreshed(self, held: ListedVersion, found: ListedVersion) -> ListedVersion:  # noqa: ARG002 -- the seam's
        """What is here stays as it is."""
        return held

    def supplement(self, intent: ReadPackage, base: str) -> Fetch | None:  # noqa: ARG002 -- the seam's
        """Nothing to ask."""
        return None

    def examine(self, version: ListedVersion, asset: str, file: BinaryIO) -> Findings:  # noqa: ARG002 -- the seam's
        """No dependencies, no description (User Guide, "Generic package constraints")."""
        return Findings(manifest=version.manifest)

    # -- publishing

    def receiver(self, intent: Submit) -> Receiver:  # noqa: ARG002 -- the seam's
        """The body is the file."""
        return publish.WholeBody()

    def change(self, intent: Submit, body: bytes, parts: Mapping[str, Part]) -> Change:  # noqa: ARG002 -- no rest
        """The asset that was sent; raises `Invalid` where it is not the one that was meant."""
        return publish.publication(intent, parts)

    def extended(
        self,
        held: Mapping[str, Any] | None,
        publication: Publication,
        at: float,  # noqa: ARG002 -- assets have no times
    ) -> Mapping[str, Any]:
        """A version's manifest with one more asset in it."""
        return publish.extended(held, publication)

    def acknowledge(self, change: Change, outcome: Outcome) -> Reply:
        """201 for what is new, 200 for the same again, 204 for what is gone."""
        if not isinstance(change, Publication):
            return Reply(204, b"")
        body = orjson.dumps(views.published(change, outcome))
        return Reply(201 if outcome.created else 200, body, {"Content-Type": views.JSON})
