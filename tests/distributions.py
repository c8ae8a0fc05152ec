"""Wheels and sdists made by the tests: real ones, and the same bytes for the same words."""

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

BACKEND = b'''\
"""A PEP 517 backend in one file: the wheel is what lies beside pyproject.toml."""

import base64, hashlib, io, pathlib, tarfile, zipfile


def _metadata():
    text = pathlib.Path("PKG-INFO").read_text()
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    return text, fields["Name"].replace("-", "_").replace(".", "_").lower(), fields["Version"]


def build_wheel(directory, config_settings=None, metadata_directory=None):
    text, name, version = _metadata()
    info = f"{name}-{version}.dist-info"
    files = {each.name: each.read_text() for each in pathlib.Path().glob("*.py")}
    files[f"{info}/METADATA"] = text
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{info}/RECORD"] = "".join(f"{each},,\\n" for each in [*files, f"{info}/RECORD"])
    made = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(directory) / made, "w") as archive:
        for file, content in files.items():
            archive.writestr(zipfile.ZipInfo(file), content)
    return made


def build_sdist(directory, config_settings=None):
    _, name, version = _metadata()
    made = f"{name}-{version}.tar.gz"
    with tarfile.open(pathlib.Path(directory) / made, "w:gz") as archive:
        for file in (*pathlib.Path().glob("*.py"), *map(pathlib.Path, ("PKG-INFO", "pyproject.toml"))):
            archive.add(file, f"{name}-{version}/{file.name}")
    return made
'''
PYPROJECT = """\
[build-system]
requires = ["tiny-backend"]
build-backend = "tiny_backend"

[project]
name = "{name}"
version = "{version}"
requires-python = ">=3.11"
"""


def normal(name: str) -> str:
    return "-".join(filter(None, name.lower().replace("_", "-").replace(".", "-").split("-")))


def described(
    name: str, version: str, *, requires: Sequence[str] = (), python: str | None = None
) -> bytes:
    """METADATA or PKG-INFO."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", "License: MIT"]
    lines += [f"Requires-Dist: {each}" for each in requires]
    lines += ["Provides-Extra: more"] if any("extra ==" in each for each in requires) else []
    lines += [f"Requires-Python: {python}"] if python else []
    return ("\n".join(lines) + "\n\nMade for a test.\n").encode()


def wheel(
    name: str,
    version: str,
    *,
    tag: str = "py3-none-any",
    files: Mapping[str, bytes] | None = None,
    **metadata: Any,
) -> tuple[str, bytes]:
    """A wheel's name and content: a module that knows its version, unless `files` are given."""
    module = normal(name).replace("-", "_")
    info = f"{module}-{version}.dist-info"
    inside = {
        **(files or {f"{module}.py": f"VERSION = {version!r}\n".encode()}),
        f"{info}/METADATA": described(name, version, **metadata),
        f"{info}/WHEEL": (
            f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
        ).encode(),
    }
    record = "".join(f"{line}\n" for line in _record(inside)) + f"{info}/RECORD,,\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path, data in {**inside, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(zipfile.ZipInfo(path), data)
    return f"{module}-{version}-{tag}.whl", packed.getvalue()


def sdist(
    name: str, version: str, *, files: Mapping[str, bytes] | None = None, **metadata: Any
) -> tuple[str, bytes]:
    """An sdist's name and content; building it takes `tiny-backend`, which is a project as well."""
    module = normal(name).replace("-", "_")
    inside = {
        "PKG-INFO": described(name, version, **metadata),
        "pyproject.toml": PYPROJECT.format(name=name, version=version).encode(),
        **(files or {f"{module}.py": f"VERSION = {version!r}\n".encode()}),
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, data in inside.items():
            entry = tarfile.TarInfo(f"{module}-{version}/{path}")
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return f"{module}-{version}.tar.gz", gzip.compress(packed.getvalue(), 1, mtime=0)


def _record(inside: Mapping[str, bytes]) -> Iterator[str]:
    for path, data in inside.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        yield f"{path},sha256={digest},{len(data)}"
