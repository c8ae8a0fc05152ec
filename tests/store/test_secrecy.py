"""Secrets at rest."""

import stat
from pathlib import Path

import pytest

from mirror.errors import Storage
from mirror.store.secrecy import check_password, digest, hash_password, seal, unseal


def test_passwords() -> None:
    stored = hash_password("pass\udcffwörd")
    assert check_password("pass\udcffwörd", stored)
    assert not check_password("password", stored)
    assert not check_password("", stored)
    assert "pass" not in stored
    assert hash_password("x") != hash_password("x")


def test_a_tokens_digest_is_its_sha256() -> None:
    assert digest("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    digest("\udcff")  # what a header may hold


def test_what_this_installation_can_read(tmp_path: Path) -> None:
    key = tmp_path / "installation.key"
    sealed = seal("secret", key)
    assert "secret" not in sealed
    assert unseal(sealed, key) == "secret"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert seal("secret", key) != sealed
    other = tmp_path / "other.key"
    seal("secret", other)
    with pytest.raises(Storage) as caught:
        unseal(sealed, other)
    assert str(caught.value) == (
        f"{other} is not the key that this index was made with: restore it from a backup"
    )


@pytest.mark.parametrize("content", [b"", b"too short", b"\xff" * 44])
def test_a_key_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    """Cut short by a full disk, or another file by mistake."""
    key = tmp_path / "installation.key"
    sealed = seal("secret", tmp_path / "good.key")
    key.write_bytes(content)
    with pytest.raises(Storage, match="is not the key"):
        unseal(sealed, key)
    with pytest.raises(Storage, match="is not the key"):
        seal("secret", key)


def test_a_key_file_that_is_gone(tmp_path: Path) -> None:
    """A new one would read nothing, and hide that the old one is missing."""
    key = tmp_path / "installation.key"
    sealed = seal("secret", key)
    content = key.read_bytes()
    key.unlink()
    with pytest.raises(Storage) as caught:
        unseal(sealed, key)
    assert str(caught.value) == f"{key} is missing: restore it from a backup"
    assert not key.exists()
    key.write_bytes(content)
    assert unseal(sealed, key) == "secret"


def test_a_key_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Storage, match=f"cannot use {tmp_path}: "):
        unseal("sealed", tmp_path)
