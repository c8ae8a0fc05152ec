"""A public Python index on loopback, with projects made by the test; built on `tests.origin`.

    index.add("alpha", "1.0", requires=["beta>=1"])

Each `add` makes real files and serves the project's page anew: JSON with sidecars, as PyPI does,
or HTML for the projects in `plain`. Files of the projects in `elsewhere` are on another origin,
as PyPI's are. `cut` is the outage.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from html import escape
from typing import Any, Self

from tests.distributions import BACKEND, described, normal, sdist, wheel
from tests.origin import Origin

JSON = "application/vnd.pypi.simple.v1+json"
LONG_AGO = "2020-02-0{}T00:00:00.000000Z"
Entry = dict[str, Any]


class Index:
    """What PyPI is to the mirror. `origin` has the pages, `files` is where others' files are."""

    def __init__(self) -> None:
        self.origin = Origin()
        self.files = Origin()
        self.plain: set[str] = set()
        self.elsewhere: set[str] = set()
        self._open = AsyncExitStack()
        self._pages: dict[str, dict[str, Entry]] = {}

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.origin)
        await self._open.enter_async_context(self.files)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Nobody answers at its addresses any more."""
        await self._open.aclose()

    def connection(self) -> dict[str, Any]:
        """The mirror's configuration that puts this index in the place of PyPI."""
        hosts = [str(self.files.url.authority)]
        return {
            "connections": {"public:pypi": {"url": f"{self.origin.url}simple/", "hosts": hosts}}
        }

    def add(
        self,
        name: str,
        version: str,
        *,
        tag: str = "py3-none-any",
        kinds: str = "wheel",
        sidecar: bool = True,
        files: Mapping[str, bytes] | None = None,
        **metadata: Any,
    ) -> Mapping[str, bytes]:
        """Publish files of a version, `kinds` of "wheel", "sdist" and "wheel sdist"; what they are.

        `metadata` is as `described` takes it.
        """
        made: dict[str, bytes] = {}
        if "wheel" in kinds:
            made |= [wheel(name, version, tag=tag, files=files, **metadata)]
        if "sdist" in kinds:
            made |= [sdist(name, version, files=files, **metadata)]
        project = normal(name)
        page = self._pages.setdefault(project, {})
        place = self.files if project in self.elsewhere else self.origin
        for file, data in made.items():
            digest = hashlib.sha256(data).hexdigest()
            path = f"/packages/{digest[:8]}/{file}"
            place.serve(path, data, etag=f'"{digest[:16]}"')
            page[file] = entry = {
                "filename": file,
                "url": str(place.url.join(place.url.with_path(path))),
                "hashes": {"sha256": digest},
                "size": len(data),
                "upload-time": LONG_AGO.format(len(page) % 9 + 1),
                "requires-python": metadata.get("python"),
                "yanked": False,
            }
            if sidecar and file.endswith(".whl"):
                text = described(name, version, **metadata)
                place.serve(f"{path}.metadata", text)
                entry["core-metadata"] = {"sha256": hashlib.sha256(text).hexdigest()}
        self._serve(project)
        return made

    def change(self, file: str, **fields: Any) -> None:
        """Edit the entry of a file, as yanking does."""
        for project, page in self._pages.items():
            if file in page:
                page[file].update(fields)
                self._serve(project)

    def remove(self, file: str) -> None:
        """Delete a file: from its page, and where it was."""
        for origin in (self.origin, self.files):
            origin.resources.pop(self.path(file), None)
        for project, page in self._pages.items():
            if page.pop(file, None):
                self._serve(project)

    def path(self, file: str) -> str:
        """Where a file is at its origin."""
        entries = [page[file] for page in self._pages.values() if file in page]
        return "/packages/" + str(entries[0]["url"]).partition("/packages/")[2]

    def downloads(self, suffix: str = "") -> dict[str, int]:
        """How often each file was sent, by name, sidecars too."""
        return {
            path.rpartition("/")[2]: count
            for origin in (self.origin, self.files)
            for path, count in origin.transfers.items()
            if path.startswith("/packages/") and path.endswith(suffix)
        }

    def _serve(self, project: str) -> None:
        entries = list(self._pages[project].values())
        if project in self.plain:
            kind, text = "text/html", _html(project, entries)
        else:
            kind = JSON
            text = json.dumps({"meta": {"api-version": "1.4"}, "name": project, "files": entries})
        body = text.encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        self.origin.serve(f"/simple/{project}/", body, etag=etag, headers={"Content-Type": kind})


def universe(index: Index) -> None:
    """A few projects of the kinds that make installs go wrong."""
    index.plain |= {"plain", "old-way"}
    index.elsewhere |= {"beta", "plain"}
    index.add("tiny_backend", "1.0", files={"tiny_backend.py": BACKEND})
    index.add("alpha", "1.0")
    index.add("alpha", "2.0", requires=["beta>=1,<2", "Odd.Name", "extra-one; extra == 'more'"])
    index.add("alpha", "3.0rc1")
    index.add("alpha", "4.0", python=">=4")
    index.add("beta", "1.0", kinds="wheel sdist")
    index.add("beta", "1.5", requires=["plain"])
    index.add("beta", "2.0")
    index.add("Odd.Name", "0.1.0")
    index.add("extra_one", "1.0")
    index.add("plain", "1.0", sidecar=False, requires=["old-way"])
    index.add("old-way", "1.0", kinds="sdist")


def _html(project: str, entries: Sequence[Entry]) -> str:
    """As pypi.org has it: no sizes, no times."""
    links = []
    for entry in entries:
        attributes = [f'href="{entry["url"]}#sha256={entry["hashes"]["sha256"]}"']
        if entry["requires-python"]:
            attributes.append(f'data-requires-python="{escape(entry["requires-python"])}"')
        if entry["yanked"]:
            attributes.append(f'data-yanked="{escape(str(entry["yanked"]))}"')
        if "core-metadata" in entry:
            digest = entry["core-metadata"]["sha256"]
            attributes.append(f'data-core-metadata="sha256={digest}"')
        links.append(f"<a {' '.join(attributes)}>{entry['filename']}</a><br/>")
    title = f"Links for {project}"
    body = "\n".join(links)
    return (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>\n{body}\n</body></html>"
    )
