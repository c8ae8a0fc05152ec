"""What each client's files become, on the disk of somebody who has files already."""

import tomllib
from pathlib import Path

import pytest

from mirror.errors import Invalid
from mirror.login.clients import FORMATS, Repository, edits
from mirror.login.files import lines_to_write, write

ADDRESS = "http://mirror.lan:8080/npm/main/"
PYPI = "http://mirror.lan:8080/pypi/main/"
CARGO = "http://mirror.lan:8080/cargo/main/"
ADDRESSES = {"npm": ADDRESS, "pypi": PYPI, "cargo": CARGO}


def login(tool: str, home: Path, token: str | None = "one", **environ: str) -> list[str]:
    """The files that changed, below the home directory."""
    repository = Repository(ADDRESSES[FORMATS[tool]], token)
    changes = edits(tool, repository, {"HOME": str(home), **environ})
    return [str(file.relative_to(home)) for file in write(changes)]


@pytest.mark.parametrize("tool", FORMATS)
def test_twice_the_same_is_once(tool: str, tmp_path: Path) -> None:
    assert login(tool, tmp_path)
    assert login(tool, tmp_path) == []
    assert login(tool, tmp_path, "two")
    texts = "".join(each.read_text() for each in tmp_path.rglob("*") if each.is_file())
    assert "two" in texts
    assert "one" not in texts.replace("none", "")


@pytest.mark.parametrize("tool", FORMATS)
def test_what_holds_a_token_is_for_its_owner_only(tool: str, tmp_path: Path) -> None:
    login(tool, tmp_path)
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or file.stat().st_mode & 0o777 == 0o600


def test_npm(tmp_path: Path) -> None:
    assert login("npm", tmp_path) == [".npmrc"]
    assert (tmp_path / ".npmrc").read_text() == (
        f"registry={ADDRESS}\n//mirror.lan:8080/npm/main/:_authToken=one\n"
    )
    other = tmp_path / "other"
    assert login("npm", tmp_path, NPM_CONFIG_USERCONFIG=str(other)) == ["other"]


def test_pnpm_11_has_a_file_of_its_own_that_comes_first(tmp_path: Path) -> None:
    assert login("pnpm", tmp_path) == [".npmrc"]
    own = tmp_path / "config" / "pnpm" / "auth.ini"
    own.parent.mkdir(parents=True)
    own.write_text("registry=https://old.example/\n")
    assert login("pnpm", tmp_path, XDG_CONFIG_HOME=str(tmp_path / "config")) == [
        "config/pnpm/auth.ini"
    ]
    assert own.read_text() == (tmp_path / ".npmrc").read_text()


def test_yarn(tmp_path: Path) -> None:
    assert login("yarn", tmp_path) == [".npmrc", ".yarnrc", ".yarnrc.yml"]
    assert "//mirror.lan:8080/npm/main/:always-auth=true" in (tmp_path / ".npmrc").read_text()
    assert (tmp_path / ".yarnrc").read_text() == f'registry "{ADDRESS}"\n'
    assert (tmp_path / ".yarnrc.yml").read_text() == (
        f"npmRegistryServer: {ADDRESS}\n"
        "unsafeHttpWhitelist:\n- mirror.lan\n"
        "npmRegistries:\n"
        "  //mirror.lan:8080/npm/main/:\n"
        "    npmAlwaysAuth: true\n"
        "    npmAuthToken: one\n"
    )


def test_pip(tmp_path: Path) -> None:
    file = tmp_path / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text("# mine\n[global]\ntimeout = 60\ntrusted-host = a.example\n")
    login("pip", tmp_path)
    assert file.read_text() == (
        "# mine\n[global]\ntimeout = 60\ntrusted-host = \n    a.example\n    mirror.lan\n"
        "index-url = http://aws:one@mirror.lan:8080/pypi/main/simple/\n"
    )


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("https://mirror.lan/pypi/main/", False),
        ("http://127.0.0.9/pypi/main/", False),
        ("http://localhost:8080/pypi/main/", False),
        ("http://10.0.0.1/pypi/main/", True),
    ],
)
def test_pip_must_be_told_to_trust_plain_http(tmp_path: Path, address: str, trusted: bool) -> None:
    write(edits("pip", Repository(address, None), {"HOME": str(tmp_path)}))
    text = (tmp_path / ".config/pip/pip.conf").read_text()
    assert ("trusted-host" in text) is trusted


def test_uv(tmp_path: Path) -> None:
    login("uv", tmp_path)
    (index,) = tomllib.loads((tmp_path / ".config/uv/uv.toml").read_text())["index"]
    assert index == {
        "name": "mirror",
        "url": "http://aws:one@mirror.lan:8080/pypi/main/simple/",
        "publish-url": "http://aws:one@mirror.lan:8080/pypi/main/",
        "default": True,
    }


@pytest.mark.parametrize(
    "text", ['index-url = "https://x"', '[[index]]\nurl = "https://x"\ndefault = true']
)
def test_uv_can_have_one_default_index(tmp_path: Path, text: str) -> None:
    file = tmp_path / ".config/uv/uv.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(Invalid, match=r"uv\.toml cannot be changed: it has a default index"):
        login("uv", tmp_path)
    assert file.read_text() == text


def test_poetry(tmp_path: Path) -> None:
    assert login("poetry", tmp_path) == [
        ".config/pypoetry/config.toml",
        ".config/pypoetry/auth.toml",
    ]
    folder = tmp_path / ".config/pypoetry"
    config = tomllib.loads((folder / "config.toml").read_text())
    assert config == {"repositories": {"mirror": {"url": PYPI}}}
    auth = tomllib.loads((folder / "auth.toml").read_text())
    assert auth == {"http-basic": {"mirror": {"username": "aws", "password": "one"}}}


def test_twine(tmp_path: Path) -> None:
    file = tmp_path / ".pypirc"
    login("twine", tmp_path)
    assert file.read_text() == (
        "[distutils]\nindex-servers = \n    pypi\n    mirror\n\n"
        f"[mirror]\nrepository = {PYPI}\nusername = aws\npassword = one\n"
    )
    file.write_text("[distutils]\nindex-servers = corp\n[corp]\npassword = x\n")
    login("twine", tmp_path)
    assert file.read_text().startswith(
        "[distutils]\nindex-servers = \n    corp\n    mirror\n[corp]\npassword = x\n\n[mirror]\n"
    )


def test_cargo(tmp_path: Path) -> None:
    assert login("cargo", tmp_path) == [".cargo/config.toml", ".cargo/credentials.toml"]
    assert (tmp_path / ".cargo/config.toml").read_text() == (
        f'[registries.mirror]\nindex = "sparse+{CARGO}"\ncredential-provider = "cargo:token"\n\n'
        '[source.crates-io]\nreplace-with = "mirror"\n'
    )
    assert (tmp_path / ".cargo/credentials.toml").read_text() == (
        '[registries.mirror]\ntoken = "one"\n'
    )
    assert login("cargo", tmp_path, CARGO_HOME=str(tmp_path / "other")) == [
        "other/config.toml",
        "other/credentials.toml",
    ]


def test_cargo_knows_other_registries(tmp_path: Path) -> None:
    folder = tmp_path / ".cargo"
    folder.mkdir()
    settings = (
        "# mine\n[build]\nrustflags = [\n  '-Dwarnings', # all\n]\n\n"
        '[registries.corp]\nindex = "sparse+https://corp.example/"\n\n'
        '[source.crates-io]\nreplace-with = "far" # faster\n\n'
        '[source.far]\nregistry = "sparse+https://far.example/"\n\n[net]\nretry = 1\n'
    )
    (folder / "config.toml").write_text(settings)
    (folder / "credentials.toml").write_text('[registries.corp]\ntoken = "hunter2"\n')
    login("cargo", tmp_path)
    assert (folder / "config.toml").read_text() == (
        settings.replace('"far" # faster', '"mirror"')
        + f'\n[registries.mirror]\nindex = "sparse+{CARGO}"\ncredential-provider = "cargo:token"\n'
    )
    assert (folder / "credentials.toml").read_text() == (
        '[registries.corp]\ntoken = "hunter2"\n\n[registries.mirror]\ntoken = "one"\n'
    )


def test_cargo_reads_its_older_file_first(tmp_path: Path) -> None:
    folder = tmp_path / ".cargo"
    folder.mkdir()
    for name in ("config", "config.toml", "credentials"):
        (folder / name).touch()
    assert login("cargo", tmp_path) == [".cargo/config", ".cargo/credentials"]


def test_cargo_would_ask_another_source_of_that_name(tmp_path: Path) -> None:
    file = tmp_path / ".cargo" / "config.toml"
    file.parent.mkdir()
    file.write_text('[source.mirror]\nregistry = "sparse+https://far.example/"\n')
    with pytest.raises(Invalid, match=r"config\.toml cannot be changed: it has a source 'mirror'"):
        login("cargo", tmp_path)
    assert [*file.parent.iterdir()] == [file]


@pytest.mark.parametrize("tool", FORMATS)
def test_without_a_token_only_the_address_is_set(tool: str, tmp_path: Path) -> None:
    login(tool, tmp_path, None)
    texts = [each.read_text() for each in tmp_path.rglob("*") if each.is_file()]
    assert any("mirror.lan:8080" in text for text in texts)
    for word in ("oken", "aws", "password", "auth"):
        assert word not in "".join(texts)


def test_a_dry_run_shows_the_lines_and_writes_none(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text("fund=false\nregistry=https://old.example\n")
    changes = edits("npm", Repository(ADDRESS, "******"), {"HOME": str(tmp_path)})
    assert list(lines_to_write(changes)) == [
        (
            tmp_path / ".npmrc",
            [f"registry={ADDRESS}", "//mirror.lan:8080/npm/main/:_authToken=******"],
        )
    ]
    assert (tmp_path / ".npmrc").read_text() == "fund=false\nregistry=https://old.example\n"


def test_a_dry_run_shows_nobodys_secrets(tmp_path: Path) -> None:
    """The other registry's line is only laid out anew."""
    (tmp_path / ".yarnrc.yml").write_text('npmRegistries: {"https://r": {npmAuthToken: hunter2}}')
    for tool in ("yarn", "pip", "poetry", "twine", "cargo"):
        repository = Repository(ADDRESSES[FORMATS[tool]], "hunter2")
        changes = edits(tool, repository, {"HOME": str(tmp_path)})
        shown = str(list(lines_to_write(changes)))
        assert "******" in shown
        assert "hunter2" not in shown


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / ".npmrc").symlink_to("dotfiles/npmrc")
    login("npm", tmp_path)
    assert (tmp_path / ".npmrc").is_symlink()
    assert "registry=" in (tmp_path / "dotfiles" / "npmrc").read_text()


def test_lines_end_as_they_did(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_bytes(b"fund=false\r\n; mine\r\n")
    login("npm", tmp_path, None)
    registry = f"registry={ADDRESS}\r\n".encode()
    assert (tmp_path / ".npmrc").read_bytes() == b"fund=false\r\n; mine\r\n" + registry
    assert login("npm", tmp_path, None) == []


def test_what_cannot_be_read_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / ".yarnrc.yml").write_text("a: [")
    with pytest.raises(Invalid, match=r"\.yarnrc\.yml cannot be changed: it is not YAML"):
        login("yarn", tmp_path)
    assert not (tmp_path / ".npmrc").exists()
    (tmp_path / ".npmrc").write_bytes(b"\xff")
    with pytest.raises(Invalid, match=r"\.npmrc cannot be read: "):
        login("npm", tmp_path)
