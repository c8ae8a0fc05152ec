"""The Python ecosystem as one object: the `Format` protocol, each member a line into its module."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, BinaryIO

from mirror.errors import Invalid, MirrorError, NotFound
from mirror.formats.changes import Change, Outcome, Part, Publication, Receiver
from mirror.formats.format import Fetch, Findings, Hit, PublicConnection
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
from mirror.formats.multipart import FormReceiver
from mirror.formats.pypi import (
    documents,
    errors,
    joining,
    names,
    requests,
    upload,
    upstream_api,
    versions,
    views,
)
from mirror.formats.pypi.files import COMPANIONS
from mirror.model import ListedVersion, Listing, Package, Status

ACCEPT = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "
    "text/html;q=0.01"
)
"""What an upstream is asked for, whoever asks us (nexspence#191): JSON, else what there is."""


class PyPI:
    """The simple repository API and the legacy upload, as pip, uv, poetry, pdm and twine speak them.

    A connection's address is that of its index, as `pip --index-url` has it: with `/simple/` or,
    as PyTorch's, without.
    """

    name = "pypi"
    lifetime = 300.0  # seconds; pypi.org allows its caches 600
    connections: tuple[PublicConnection, ...] = (
        PublicConnection(
            name="public:pypi",
            url="https://pypi.org/simple/",
            store="pypi-store",
            hosts=("pypi.org", "files.pythonhosted.org"),
        ),
    )

    upstreams = True
    companions: tuple[str, ...] = COMPANIONS
    shown = frozenset({Status.PUBLISHED})

    # -- names

    def package(self, namespace: str, name: str) -> Package:
        """Coordinates under the normalised name; raises `Invalid`."""
        return names.package(namespace, name)

    def address(self, package: Package) -> str:
        """The normalised name."""
        return package.name

    def likeness(self, package: Package) -> None:
        """Names are the same or they are not."""

    def order(self, version: str) -> versions.Precedence:
        """PEP 440's order; what is no such version comes first."""
        return versions.precedence(version)

    def identity(self, version: str) -> str:
        """Equal for versions that installers take for the same one (`1.0`, `1.0.0`)."""
        return versions.identity(version)

    def uniqueness(self, version: str) -> str:
        """One publication for all spellings of a version."""
        return self.identity(version)

    # -- serving

    def parse(self, call: Call) -> Intent:
        """What a request wants; raises `Invalid` or `NotFound`."""
        return requests.parse(call)

    def render(
        self, intent: ReadPackage, listing: Listing, base: str, supplement: bytes = b""
    ) -> Rendering:
        """A project's page (json, v1-html, html) or its part of the JSON API (api)."""
        return views.render(intent, listing, base, supplement)

    def index(self, intent: ReadIndex, packages: Sequence[Package]) -> Rendering:
        """The list of all projects."""
        return views.index(intent, packages)

    def results(self, intent: Search, local: Sequence[Hit], upstream: bytes | None) -> Rendering:  # noqa: ARG002 -- the seam's
        """`pip search` is XML-RPC, which pypi.org itself has switched off."""
        raise NotFound("endpoint", "search", "the Python package index has no search")

    def refuse(self, error: MirrorError) -> Reply:
        """An error as a short plain text."""
        return errors.refuse(error)

    # -- upstream

    def conversation(self, base: str, package: Package) -> Generator[Fetch, bytes, None]:
        """One page says it all."""
        yield Fetch(f"{base.rstrip('/')}/{package.name}/", {"Accept": ACCEPT}, html=True)

    def read(
        self, package: Package, documents_: Sequence[bytes], urls: Sequence[str] = ()
    ) -> Listing:
        """What a page says, JSON or HTML; `urls` for relative links. Raises `Misbehaved`."""
        return documents.read(package, documents_, urls)

    def supplement(self, intent: ReadPackage, base: str) -> Fetch | None:
        """The upstream's own part of the JSON API, for that view."""
        return upstream_api.question(intent, base)

    def refreshed(self, held: ListedVersion, found: ListedVersion) -> ListedVersion:
        """A retained version with what its source says of it now."""
        return joining.refreshed(held, found)

    def examine(self, version: ListedVersion, asset: str, file: BinaryIO) -> Findings:
        """What a retained file says of its version, and the sidecar made of it."""
        return joining.examine(version, asset, file)

    # -- publishing

    def receiver(self, intent: Submit) -> Receiver:
        """Files go to parts, fields are the rest."""
        return FormReceiver(intent.argument, upload.FILES)

    def change(self, intent: Submit, body: bytes, parts: Mapping[str, Part]) -> Change:
        """The file that a form publishes; raises `Invalid` or `Exceeded`."""
        if intent.kind != "upload":
            raise Invalid("the Python package index knows no other change than an upload")
        return upload.publication(body, parts)

    def extended(
        self, held: Mapping[str, Any] | None, publication: Publication, at: float
    ) -> dict[str, Any]:
        """A version's manifest with one more publication in it, made at `at` (epoch seconds)."""
        return joining.extended(held, publication, at)

    def acknowledge(self, change: Change, outcome: Outcome) -> Reply:  # noqa: ARG002 -- the seam's
        """Success; a redirect or a long text would be an error to some clients."""
        return Reply(200, b"OK\n", {"Content-Type": errors.PLAIN, "Cache-Control": "no-store"})
