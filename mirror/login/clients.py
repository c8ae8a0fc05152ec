"""What each package manager needs to know of a repository, and in which file it looks."""

import configparser
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

from yarl import URL

from mirror.errors import Invalid
from mirror.login import toml
from mirror.login.berry import set_key
from mirror.login.lines import entry, npmrc, option, yarnrc

FORMATS = {
    "npm": "npm",
    "pnpm": "npm",
    "yarn": "npm",
    "pip": "pypi",
    "uv": "pypi",
    "poetry": "pypi",
    "twine": "pypi",
    "cargo": "cargo",
}
"""The package managers, with the format of the repository that each of them speaks to."""

NAME = "mirror"
"""What the repository is called where a client wants a name for it."""

USER = "aws"  # anything will do: the password is the token (auth-and-policy §3.4)


class Repository(NamedTuple):
    """Where it is, with a final slash, and the token to show; None reads as nobody."""

    address: str
    token: str | None


class Edit(NamedTuple):
    """A change of a file's text, "" where there is none; `optional` leaves a missing file so."""

    file: Path
    change: Callable[[str], str]
    optional: bool = False


def edits(tool: str, repository: Repository, environ: Mapping[str, str]) -> list[Edit]:
    """All that is to be changed for a package manager of this user."""
    home = Path(environ.get("HOME") or Path.home())
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    user = Path(environ.get("NPM_CONFIG_USERCONFIG") or home / ".npmrc")
    match tool:
        case "npm":
            return [Edit(user, partial(_npm, repository))]
        case "pnpm":
            # pnpm 11 looks there first, once `pnpm config set` or `pnpm login` has made it.
            own = config / "pnpm" / "auth.ini"
            change = partial(_npm, repository)
            return [Edit(user, change), Edit(own, change, optional=True)]
        case "yarn":
            # Version 1 takes its token from npm's file, and audits from where its own says.
            address = partial(yarnrc, key="registry", value=repository.address)
            return [
                Edit(user, partial(_yarn_1, repository)),
                Edit(home / ".yarnrc", address),
                Edit(home / ".yarnrc.yml", partial(_yarn_berry, repository)),
            ]
        case "pip":
            return [Edit(config / "pip" / "pip.conf", partial(_pip, repository))]
        case "uv":
            return [Edit(config / "uv" / "uv.toml", partial(_uv, repository))]
        case "poetry":
            folder = Path(environ.get("POETRY_CONFIG_DIR") or config / "pypoetry")
            found = [Edit(folder / "config.toml", partial(_poetry, repository))]
            if repository.token is not None:
                found.append(Edit(folder / "auth.toml", partial(_poetry_auth, repository.token)))
            return found
        case "cargo":
            folder = Path(environ.get("CARGO_HOME") or home / ".cargo")
            found = [Edit(_of_cargo(folder, "config"), partial(_cargo, repository))]
            if repository.token is not None:
                change = partial(_cargo_credentials, repository.token)
                found.append(Edit(_of_cargo(folder, "credentials"), change))
            return found
        case _:
            return [Edit(home / ".pypirc", partial(_pypirc, repository))]


def hint(tool: str, repository: Repository) -> str | None:
    """What a person types next, where that is not what they always type."""
    match tool:
        case "uv":
            return f"publish with: uv publish --index {NAME}"
        case "twine":
            return f"publish with: twine upload -r {NAME} dist/*"
        case "poetry":
            source = f"poetry source add --priority=primary {NAME} {repository.address}simple/"
            return f"publish with: poetry publish -r {NAME}; in each project, once: {source}"
        case "cargo":
            ours = f"cargo add --registry {NAME} NAME"
            return f"publish with: cargo publish --registry {NAME}; depend on your own with: {ours}"
    return None


def _npm(repository: Repository, text: str) -> str:
    text = npmrc(text, "registry", repository.address)
    if repository.token is not None:
        text = npmrc(text, f"{_place(repository)}:_authToken", repository.token)
    return text


def _yarn_1(repository: Repository, text: str) -> str:
    text = _npm(repository, text)
    if repository.token is not None:  # else it shows the token when it publishes, and never before
        text = npmrc(text, f"{_place(repository)}:always-auth", "true")
    return text


def _yarn_berry(repository: Repository, text: str) -> str:
    address = URL(repository.address)
    text = set_key(text, "npmRegistryServer", lambda _: repository.address)
    if address.scheme == "http":
        text = set_key(text, "unsafeHttpWhitelist", partial(_with, str(address.host)))
    if repository.token is None:
        return text
    login = {"npmAlwaysAuth": True, "npmAuthToken": repository.token}
    return set_key(text, "npmRegistries", lambda now: {**(now or {}), _place(repository): login})


def _pip(repository: Repository, text: str) -> str:
    address = URL(f"{repository.address}simple/")
    hosts = _ini(text, "global", "trusted-host")
    text = option(text, "global", "index-url", _with_token(address, repository.token))
    if _unsafe_for_pip(address) and address.host not in hosts:
        text = option(text, "global", "trusted-host", _several([*hosts, str(address.host)]))
    return text


def _uv(repository: Repository, text: str) -> str:
    known = toml.read(text)
    others = [each for each in known.get("index", ()) if each.get("name") != NAME]
    if "index-url" in known or any(each.get("default") for each in others):
        raise Invalid("it has a default index already, and there can be one: take that away first")
    name = f'name = "{NAME}"'
    index = _with_token(URL(f"{repository.address}simple/"), repository.token)
    publish = _with_token(URL(repository.address), repository.token)
    return entry(
        text,
        "index",
        name,
        [name, f'url = "{index}"', f'publish-url = "{publish}"', "default = true"],
    )


def _poetry(repository: Repository, text: str) -> str:
    return toml.set_key(text, ("repositories", NAME), "url", repository.address)


def _poetry_auth(token: str, text: str) -> str:
    text = toml.set_key(text, ("http-basic", NAME), "username", USER)
    return toml.set_key(text, ("http-basic", NAME), "password", token)


def _cargo(repository: Repository, text: str) -> str:
    """A registry to publish to, in the place of crates.io for all else (User Guide, "Configure
    Cargo manually").

    The guide's `registry.default` is left out: `cargo add` and `cargo new` would write our name
    into manifests, and nobody else's cargo knows it.
    """
    registry = ("registries", NAME)
    text = toml.set_key(text, registry, "index", f"sparse+{repository.address}")
    if repository.token is not None:  # where reading needs one, cargo wants to hear who keeps it
        text = toml.set_key(text, registry, "credential-provider", "cargo:token")
    text = toml.set_key(text, ("source", "crates-io"), "replace-with", NAME)
    if NAME in toml.read(text)["source"]:
        raise Invalid(f"it has a source '{NAME}', which cargo would ask: call that otherwise first")
    return text


def _cargo_credentials(token: str, text: str) -> str:
    return toml.set_key(text, ("registries", NAME), "token", token)


def _of_cargo(folder: Path, name: str) -> Path:
    """The file that cargo reads: with both, the older one without `.toml`."""
    older = folder / name
    return older if older.exists() else folder / f"{name}.toml"


def _pypirc(repository: Repository, text: str) -> str:
    servers = _ini(text, "distutils", "index-servers") or ["pypi"]
    if NAME not in servers:
        text = option(text, "distutils", "index-servers", _several([*servers, NAME]))
    text = option(text, NAME, "repository", repository.address)
    if repository.token is not None:
        text = option(text, NAME, "username", USER)
        text = option(text, NAME, "password", repository.token)
    return text


def _place(repository: Repository) -> str:
    """The address as npm names what belongs to it."""
    address = URL(repository.address)
    return f"//{address.authority}{address.path}"


def _with_token(address: URL, token: str | None) -> str:
    if token is None:
        return str(address)
    return str(address.with_user(USER).with_password(token))


def _unsafe_for_pip(address: URL) -> bool:
    """Whether pip takes nothing from there unless it is told to: plain HTTP from elsewhere."""
    if address.scheme == "https" or address.host == "localhost":
        return False
    try:
        return not ip_address(str(address.host)).is_loopback
    except ValueError:
        return True


def _with(host: str, now: Any) -> list[Any]:
    known = list(now or ())
    return known if host in known else [*known, host]


def _several(values: list[str]) -> str:
    return "".join(f"\n    {value}" for value in values)


def _ini(text: str, section: str, name: str) -> list[str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise Invalid(f"it cannot be read: {' '.join(str(error).split())}") from error
    return parser.get(section, name, fallback="").split()
