"""The mirror itself, as the one to be measured."""

import json
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.bench.asking import tell
from tests.bench.installing import python_with, runs
from tests.bench.servers import ROOT, Server, Setting

PASSWORD = re.compile(r"^  password +(\S+)$", re.MULTILINE)
KEYS = re.compile(r"^  access key +(\S+)\n  secret +(\S+)$", re.MULTILINE)


@cache
def interpreter(python: str, tools: Path) -> str:
    """What runs us: the interpreter that was chosen, or an environment of it with our libraries."""
    if runs([python, "-c", "import mirror.server"]):
        return python
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(python_with(python, tools / "mirror", project["dependencies"]) / "python")


class Mirror(Server):
    """The whole product, from this source tree; `more` is added to its configuration."""

    name = "mirror"
    npm = "/npm/main/"
    simple = "/pypi/main/simple/"

    def __init__(
        self, setting: Setting, folder: Path, more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(setting, folder)
        self.more = dict(more or {})
        self._token = ""

    @classmethod
    def install(cls, setting: Setting) -> None:
        interpreter(setting.python, setting.tools)

    def prepare(self) -> None:
        given = {
            "server": {"port": self.port},
            "data_dir": str(self.data),
            "connections": {
                "public:npmjs": {"url": self.setting.npm},
                "public:pypi": {"url": self.setting.simple},
            },
            **self.more,
        }
        self._configuration.write_text(json.dumps(given))  # JSON is YAML

    def command(self) -> list[str]:
        python = interpreter(self.setting.python, self.setting.tools)
        return [python, "-m", "mirror", "serve", "--config", str(self._configuration)]

    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(ROOT)}  # libraries are the interpreter's own

    def token(self) -> str:
        if not self._token:
            account = {"name": "admin", "password": self._said(PASSWORD)[1]}
            address = f"{self.url}{self.npm}-/user/org.couchdb.user:admin"
            self._token = tell(address, account).checked().json["token"]
        return self._token

    @property
    def keys(self) -> tuple[str, str]:
        """The administrator's access key and its secret."""
        found = self._said(KEYS)
        return found[1], found[2]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def _configuration(self) -> Path:
        return self.folder / "mirror.yaml"

    def _said(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.search(self.output.read_text())
        if found is None:
            raise RuntimeError(f"the first start said nothing like {pattern.pattern}")
        return found
