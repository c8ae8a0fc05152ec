"""Secrets at rest: what can be checked but not read, and what only this installation can read.

Passwords are scrypt hashes. Tokens are SHA-256 digests: they are 256 random bits, a slow hash
would add nothing. Access key secrets are encrypted with the installation's key file, because
SigV4 needs them in plain (auth-and-policy §4).
"""

import base64
import contextlib
import functools
import hashlib
import hmac
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mirror.errors import Storage
from mirror.store.files import on_disk, sync

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_SALT = 16
_COST = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 * 2**20}


def digest(token: str) -> str:
    """The name under which a token is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def hash_password(password: str) -> str:
    """A salted hash, good for `check_password`. Takes some 50 ms on purpose."""
    salt = os.urandom(_SALT)
    return base64.b64encode(salt + _scrypt(password, salt)).decode()


def check_password(password: str, stored: str) -> bool:
    """Whether the password is the one that was hashed; takes the same time either way."""
    raw = base64.b64decode(stored)
    return hmac.compare_digest(_scrypt(password, raw[:_SALT]), raw[_SALT:])


def seal(secret: str, key_file: Path) -> str:
    """Encrypt a secret for this installation; the key file is made at the first need."""
    with on_disk(key_file):
        if not key_file.exists():
            _make_key(key_file)
    return _cipher(key_file).encrypt(secret.encode()).decode()


def unseal(sealed: str, key_file: Path) -> str:
    """The secret again; raises `Storage` where the key file is gone, or not what sealed it.

    The file is read each time, so that one restored from a backup counts at once.
    """
    from cryptography.fernet import InvalidToken

    try:
        return _cipher(key_file).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise _wrong(key_file) from error


def derived(key_file: Path, purpose: str) -> bytes:
    """A secret of this installation for one purpose; the key file is made at the first need."""
    with on_disk(key_file):
        if not key_file.exists():
            _make_key(key_file)
        return hmac.digest(key_file.read_bytes(), purpose.encode(), "sha256")


def _cipher(key_file: Path) -> "Fernet":
    from cryptography.fernet import Fernet

    with on_disk(key_file):
        if not key_file.exists():
            raise Storage(f"{key_file} is missing: restore it from a backup")
        key = key_file.read_bytes()
    try:
        return Fernet(key)
    except ValueError as error:  # cut short, or another file by mistake
        raise _wrong(key_file) from error


def _wrong(key_file: Path) -> Storage:
    return Storage(
        f"{key_file} is not the key that this index was made with: restore it from a backup"
    )


def _make_key(key_file: Path) -> None:
    # Under another name first: whenever it is killed, there is a whole key or none.
    with tempfile.NamedTemporaryFile(dir=key_file.parent, prefix=f"{key_file.name}-") as file:
        file.write(base64.urlsafe_b64encode(os.urandom(32)))
        file.flush()
        os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(file.name, key_file)
    sync(key_file.parent)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, **_COST)


@functools.cache
def decoy() -> str:
    """Checked where there is no user, so that a wrong name takes as long as a wrong password."""
    return hash_password(base64.b64encode(os.urandom(12)).decode())
