import tarfile

import pytest

from mirror.errors import Exceeded, Invalid, MirrorError
from mirror.formats.cargo.contents import limits_of
from tests.formats.cargo.samples import cargo_toml, crate, publish, tarball


def link(kind: bytes, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type = kind
    info.linkname = target
    return info


def test_a_crate_must_be_there() -> None:
    with pytest.raises(Invalid, match="no crate"):
        publish(data=b"")


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"not gzip", "gzip"),
        (crate()[:-20], "read as tar"),
        (crate()[:-1] + b"x", "read as tar"),
        (tarball({}), r"no Cargo\.toml"),
        (tarball({"Cargo.toml": cargo_toml()}), "outside"),
        (tarball({"demo-1.0.0": b""}), "outside"),
        (tarball({"demo-1.0.1/Cargo.toml": cargo_toml()}), "outside"),
        (tarball({"Demo-1.0.0/Cargo.toml": cargo_toml()}), "outside"),
        (crate(more={"../x": b""}), "outside"),
        (crate(more={"a/../../x": b""}), "outside"),
        (tarball({"/demo-1.0.0/Cargo.toml": b""}), "absolute"),
        (crate(more={"a\nb": b""}), "control characters"),
        (crate(more={"link": link(tarfile.SYMTYPE, "Cargo.toml")}), "files and folders only"),
        (crate(more={"link": link(tarfile.SYMTYPE, "/etc/passwd")}), "files and folders only"),
        (
            crate(more={"link": link(tarfile.LNKTYPE, "demo-1.0.0/Cargo.toml")}),
            "files and folders only",
        ),
        (crate(more={"pipe": link(tarfile.FIFOTYPE, "")}), "files and folders only"),
        (crate(more={"null": link(tarfile.CHRTYPE, "")}), "files and folders only"),
        (crate(more={"cargo.toml": b""}), "more than one"),
        (crate(more={"./Cargo.toml": cargo_toml()}), "more than one"),
        (crate(toml=b"not toml"), r"Cargo\.toml cannot be read"),
        (crate(toml=b"\xff\xfe"), r"Cargo\.toml cannot be read"),
        (crate(toml=b"a = " + b"[" * 100_000), "nested too deep"),
        (crate(toml=b""), r"no \[package\]"),
        (crate(toml=b"package = 7"), r"no \[package\]"),
        (crate(toml=cargo_toml("other")), "another name"),
        (crate(toml=cargo_toml("Demo")), "another name"),
        (crate(toml=cargo_toml(version="1.0.0+b")), "another version"),
        (crate(toml=b'[package]\nname = "demo"\nversion.workspace = true'), "another version"),
    ],
)
def test_crates_that_cannot_be_right(data: bytes, rule: str) -> None:
    with pytest.raises(Invalid, match=rule):
        publish(data=data)


def pax(name: str, headers: dict[str, str]) -> bytes:
    """A crate with one more file that has these PAX records."""
    info = tarfile.TarInfo()
    info.pax_headers = headers
    members: dict[str, bytes | tarfile.TarInfo] = {
        "demo-1.0.0/Cargo.toml": cargo_toml(),
        name: info,
    }
    return tarball(members, tarfile.PAX_FORMAT)


@pytest.mark.parametrize(
    "headers",
    [{"path": "../x"}, {"path": "/etc/x"}, {"path": "other/x"}, {"path": "demo-1.0.0/Cargo.toml"},
     {"size": "99999999"}, {"size": "-512"}, {"size": "0"}],
)  # fmt: skip
def test_records_of_pax_are_not_a_way_around(headers: dict[str, str]) -> None:
    with pytest.raises(MirrorError):
        publish(data=pax("demo-1.0.0/src/lib.rs", headers))


def test_folders_may_be_named() -> None:
    folder = tarfile.TarInfo()
    folder.type = tarfile.DIRTYPE
    assert publish(data=crate(more={"src": folder})).version == "1.0.0"


def test_a_bomb_is_given_up_early() -> None:
    """Sizes are limited as they are declared; nothing of them is read."""
    info = tarfile.TarInfo()
    info.size = 600 * 2**20
    with pytest.raises(Exceeded, match="unpacks to more than 536870912 bytes"):
        publish(data=crate(more={"zeros": info}))
    with pytest.raises(Exceeded, match=r"Cargo\.toml"):
        publish(data=crate(toml=cargo_toml() + b"#" * 2**20))


def test_a_large_crate_may_unpack_to_twenty_times_its_size() -> None:
    """What cargo itself allows (MAX_COMPRESSION_RATIO)."""
    assert limits_of(2**20).unpacked == 512 * 2**20
    assert limits_of(2**30).unpacked == 20 * 2**30


@pytest.mark.parametrize(
    "key",
    [".".join(["a"] * 30_000), " . ".join(["a"] * 30_000), ".".join(['"a"'] * 30_000),
     ".".join(['"\\""'] * 30_000), ".".join(["'a'"] * 30_000), ".".join(["a", '"b"'] * 9_000)],
)  # fmt: skip
def test_a_key_that_would_take_python_minutes(key: str) -> None:
    for toml in (f"{key} = 1", f"[[{key}]]", f'x = {{ y = """a"""", {key} = 1 }}'):
        with pytest.raises(Exceeded, match="16 parts"):
            publish(data=crate(toml=cargo_toml() + toml.encode()))


def test_long_words_and_dots_in_texts_are_no_deep_keys() -> None:
    more = f'description = "{"a" * 200_000} {"www." * 20} {". " * 999}"\n'
    more += '[target."cfg(all(unix, target_os = \\"linux\\"))".dependencies.a.b]\nc = 1\n'
    assert publish(data=crate(toml=cargo_toml(more=more))).version == "1.0.0"
