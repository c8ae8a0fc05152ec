"""The same bytes without a mirror around them, for comparison: files of nginx, and our own sending.

Both serve one flat folder that is filled with what the mirror answers.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.bench.asking import get
from tests.bench.material import ACCEPTED, Artifact, Kind
from tests.bench.peers import Nginx
from tests.bench.product import Mirror, interpreter
from tests.bench.servers import ROOT, Server


def fill(folder: Path, mirror: Mirror, artifacts: Iterable[Artifact]) -> None:
    """Put into `folder`/files what the mirror sends: its documents carry its own addresses."""
    files = folder / "files"
    files.mkdir(parents=True)
    folder.chmod(0o755)
    for of in artifacts:
        (files / of.file).write_bytes(of.content)
        address, accepted = mirror.document(of.kind, of.package), ACCEPTED[of.kind]
        for suffix, encoding in (("", "identity"), (".gz", "gzip")):
            asked = {"Accept": accepted, "Accept-Encoding": encoding}
            body = get(address, asked).checked().body
            (files / f"{_name(of.kind, of.package)}{suffix}").write_bytes(body)


class _Copy(Server):
    npm = simple = "/"

    def document(self, kind: Kind, package: str) -> str:
        return f"{self.url}/{_name(kind, package)}"

    def place(self, made: Artifact) -> str:
        return f"{self.url}/{made.file}"

    @property
    def files(self) -> Path:
        return self.folder / "files"


class Static(_Copy, Nginx):
    """nginx with finished files, the best that a web server can do."""

    name = "nginx, static files"

    def locations(self) -> str:
        files = f"root {self.files}; gzip_static on; open_file_cache max=100 inactive=600s;"
        return f"{files} location / {{ proxy_cache off; access_log off; }}"


class Bare(_Copy):
    """Our way of sending in front of a dict, and nothing else: what the technique can do."""

    name = "bare"

    def command(self) -> list[str]:
        python = interpreter(self.setting.python, self.setting.tools)
        return [python, "-m", "tests.bench.bare", str(self.port), str(self.files)]

    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(ROOT)}


COPIES: Mapping[str, type[_Copy]] = {"static": Static, "bare": Bare}


def _name(kind: Kind, package: str) -> str:
    return f"{kind}-{package}.json"
