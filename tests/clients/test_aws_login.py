"""The User Guide on tokens and on `aws codeartifact login`, and the clients that it configures."""

import configparser
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.aws import Aws, Worker
from tests.clients.clients import INSTALLED, Ran, execute, package
from tests.clients.guide import DOMAIN, REPOSITORY, Like
from tests.clients.people import access_key
from tests.clients.stocking import Shelf
from tests.distributions import wheel
from tests.running import Running

pytestmark = pytest.mark.client

TOKEN = r"mirror_[A-Za-z0-9_-]{20,}"

Terminal = Callable[..., Aws]


def _installed(tool: str) -> Any:
    missing = shutil.which(tool) is None
    return pytest.param(tool, marks=pytest.mark.skipif(missing, reason=f"needs {tool}"))


@pytest.fixture
async def terminal(service: Running, worker: Worker, shelf: Shelf, tmp_path: Path) -> Terminal:
    """Makes a terminal with these commands on PATH, beside my_repo: `terminal("npm-11")`."""
    key = await access_key(service)

    def make(*clients: str) -> Aws:
        tools = [*map(_folder, clients), INSTALLED / "node"]
        return Aws(worker, service.url, key, tmp_path / "-".join(clients), tools)

    return make


def _folder(client: str) -> Path:
    """Where a client's commands are."""
    python = INSTALLED / "python" / client / "bin"
    found = python if python.exists() else INSTALLED / client
    if not found.exists():
        pytest.skip(f"{client} is not installed: run .ci/clients")
    return found


async def ran(aws: Aws, command: str, *arguments: str, cwd: Path | None = None) -> Ran:
    """A command of that terminal, which must succeed."""
    path = shutil.which(command, path=aws.environment["PATH"])
    assert path is not None
    done = await execute(Path(path), *arguments, cwd=cwd or aws.home, environment=aws.environment)
    assert done.status == 0, done.text
    return done


@pytest.mark.parametrize("client", ["npm-6", "npm-11"])
async def test_npm(client: str, service: Running, terminal: Terminal, tmp_path: Path) -> None:
    """ "Configure and use npm": the three changes to ~/.npmrc, ping, publish, install, dist-tag."""
    aws = terminal(client)
    said = await aws(f"login --tool npm {REPOSITORY}")
    address = f"{service.url}/d/my_domain/npm/my_repo/"
    assert re.fullmatch(
        f"Successfully configured npm to use AWS CodeArtifact repository {address} \n"
        r"Login expires in 12 hours at .+\n",
        said,
    )
    written = dict(
        line.split("=", 1) for line in (aws.home / ".npmrc").read_text().splitlines() if line
    )
    place = address.removeprefix("http:")
    assert written["registry"] == address
    assert re.fullmatch(TOKEN, written[f"{place}:_authToken"])
    if client == "npm-6":
        assert written[f"{place}:always-auth"] == "true"

    assert re.search("ping success|PONG", (await ran(aws, "npm", "ping")).text, re.IGNORECASE)
    folder = package(tmp_path / "made", "@parity/ui", "1.0.0")
    await ran(aws, "npm", "publish", cwd=folder)
    await ran(aws, "npm", "dist-tag", "add", "@parity/ui@1.0.0", "stable")
    await ran(aws, "npm", "install", "@parity/ui@stable", "--no-progress")
    assert (aws.home / "node_modules/@parity/ui/package.json").exists()
    # A second login replaces the token.
    await aws(f"login --tool npm {REPOSITORY} --duration-seconds 900")
    lines = (aws.home / ".npmrc").read_text().splitlines()
    assert sum("_authToken" in line for line in lines) == 1
    assert written[f"{place}:_authToken"] not in "".join(lines)
    await ran(aws, "npm", "view", "@parity/ui")


async def test_npm_for_one_scope(service: Running, terminal: Terminal) -> None:
    aws = terminal("npm-10")
    await aws(f"login --tool npm {REPOSITORY} --namespace parity")
    text = (aws.home / ".npmrc").read_text()
    assert f"@parity:registry={service.url}/d/my_domain/npm/my_repo/" in text
    assert "\nregistry=" not in text


async def test_twine_and_pip(service: Running, terminal: Terminal) -> None:
    """ "Configure and use twine" and "… pip": what one uploads the other installs."""
    aws = terminal("twine-7", "pip-26")
    said = await aws(f"login --tool twine {REPOSITORY}")
    address = f"{service.url}/d/my_domain/pypi/my_repo/"
    assert said.startswith(
        f"Successfully configured twine to use AWS CodeArtifact repository {address} \n"
    )
    settings = configparser.RawConfigParser()
    settings.read(aws.home / ".pypirc")
    assert dict(settings["codeartifact"]) == {
        "repository": address,
        "username": "aws",
        "password": Like(TOKEN),
    }
    name, data = wheel("pigeon_cli", "1.0")
    (aws.home / name).write_bytes(data)
    await ran(aws, "twine", "upload", "--repository", "codeartifact", name)

    await aws(f"login --tool pip {REPOSITORY}")
    written = configparser.RawConfigParser()
    written.read(aws.home / ".config/pip/pip.conf")
    index = address.replace("http://", f"http://aws:{TOKEN}@")
    assert written["global"]["index-url"] == Like(f"{index}simple/")
    options = ("--target", "installed", "--no-cache-dir", "--disable-pip-version-check")
    await ran(aws, "pip", "install", *options, "pigeon.cli")
    assert (aws.home / "installed/pigeon_cli.py").exists()

    # And without `login`: three variables.
    token = await aws(f"get-authorization-token {DOMAIN} --query authorizationToken --output text")
    endpoint = await aws(
        f"get-repository-endpoint {REPOSITORY} --format pypi --query repositoryEndpoint --output text"
    )
    aws.environment |= {
        "TWINE_USERNAME": "aws",
        "TWINE_PASSWORD": token.strip(),
        "TWINE_REPOSITORY_URL": endpoint.strip(),
    }
    name, data = wheel("pigeon_cli", "1.1")
    (aws.home / name).write_bytes(data)
    await ran(aws, "twine", "upload", name)
    await ran(aws, "pip", "install", *options, "--upgrade", "pigeon-cli")
    assert (aws.home / "installed/pigeon_cli.py").read_text() == "VERSION = '1.1'\n"


async def test_a_login_that_is_only_shown(service: Running, terminal: Terminal) -> None:
    """`--dry-run`: what would be run or written."""
    aws = terminal("npm-11")
    base = f"{service.url}/d/my_domain"
    printed = {
        "npm": f"npm config set registry {base}/npm/my_repo/",
        "pip": "pip config set global.index-url http://aws:mirror_",
        "twine": f"repository = {base}/pypi/my_repo/",
        "swift": f"swift package-registry login {base}/swift/my_repo/login",
    }
    for tool, expected in printed.items():
        assert expected in await aws(f"login --tool {tool} {REPOSITORY} --dry-run")
    assert not list(aws.home.glob(".*rc"))


@pytest.mark.parametrize("tool", [_installed("dotnet"), _installed("nuget")])
async def test_a_login_to_nuget(tool: str, service: Running, terminal: Terminal) -> None:
    """Shown only: but both ask the tool which sources it has."""
    said = await terminal("npm-11")(f"login --tool {tool} {REPOSITORY} --dry-run")
    assert f"{service.url}/d/my_domain/nuget/my_repo/v3/index.json" in said


async def test_authorization_tokens(aws: Aws, terminal: Terminal) -> None:
    """ "Tokens created with the GetAuthorizationToken API": 12 hours, or 15 minutes to 12 hours;
    0 is for sessions of roles, which we do not have.
    """
    get = f"get-authorization-token {DOMAIN}"
    for option, seconds in (("", 43200), (" --duration-seconds 3600", 3600)):
        answer = await aws(get + option)
        assert answer == {"authorizationToken": Like(TOKEN), "expiration": answer["expiration"]}
        assert abs(answer["expiration"] - time.time() - seconds) < 30
    for seconds in (899, 43201, 0):
        text = await aws.refused(f"{get} --duration-seconds {seconds}")
        assert "ValidationException" in text, seconds
    missing = await aws.refused("get-authorization-token --domain no-domain")
    assert missing == Like("ResourceNotFoundException: Domain not found. .*no-domain.*")


async def test_repository_endpoints(aws: Aws, service: Running, terminal: Terminal) -> None:
    """Every format, with a final slash; IPv6 or not is the same address."""
    for kind in ("npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo"):
        expected = {"repositoryEndpoint": f"{service.url}/d/my_domain/{kind}/my_repo/"}
        get = f"get-repository-endpoint {REPOSITORY} --format {kind}"
        assert await aws(get) == expected
        assert await aws(f"{get} --endpoint-type dualstack") == expected
    default = await aws("get-repository-endpoint --domain default --repository main --format npm")
    assert default == {"repositoryEndpoint": service.registry()}
    missing = await aws.refused(
        "get-repository-endpoint --domain my_domain --repository none --format npm"
    )
    assert "ResourceNotFoundException" in missing
