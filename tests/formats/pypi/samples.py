"""What the tests of PyPI share: recorded documents, archives made to order, and forms."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from mirror.formats.changes import Part, Publication
from mirror.formats.intents import Call, ReadPackage, Submit
from mirror.formats.pypi import PyPI
from mirror.model import Digests, Listing, Package

HERE = Path(__file__).parent
BASE = "https://host/pypi/main/"
PYPI = PyPI()
PACKAGE = Package("pypi", "", "my-pkg")
WHEEL = "my_pkg-1.0-py3-none-any.whl"
SDIST = "my_pkg-1.0.tar.gz"


def recorded(name: str) -> bytes:
    return (HERE / "recorded" / name).read_bytes()


def written(name: str) -> bytes:
    return (HERE / "written" / name).read_bytes()


def listing_of(name: str, body: bytes, url: str | None = None) -> Listing:
    return PYPI.read(PYPI.package("", name), [body], [url or f"https://pypi.org/simple/{name}/"])


def get(path: str, accept: str | None = None, query: str = "") -> Any:
    headers = {} if accept is None else {"accept": accept}
    return PYPI.parse(Call("GET", path, query, headers))


def page(name: str, view: str = "json") -> ReadPackage:
    return ReadPackage(PYPI.package("", name), view)


def digests_of(data: bytes) -> Digests:
    return Digests(
        len(data),
        *(hashlib.new(name, data).hexdigest() for name in ("sha256", "md5", "sha1", "sha512")),
    )


def part_of(data: bytes) -> Part:
    return Part(digests_of(data), lambda: io.BytesIO(data))


def metadata(name: str = "My.Pkg", version: str = "1.0", more: str = "") -> bytes:
    return f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{more}".encode()


def wheel(
    content: bytes | None = None,
    folder: str = "my_pkg-1.0.dist-info",
    members: dict[str, bytes] | None = None,
    without: str = "",
) -> bytes:
    packed = io.BytesIO()
    standard = {
        f"{folder}/METADATA": metadata() if content is None else content,
        f"{folder}/WHEEL": b"Wheel-Version: 1.0\n",
        f"{folder}/RECORD": b"",
    }
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**standard, **(members or {})}.items():
            if not without or not name.endswith(without):
                archive.writestr(name, data)
    return packed.getvalue()


def sdist(content: bytes | None = None, members: dict[str, bytes] | None = None) -> bytes:
    packed = io.BytesIO()
    standard = {"my_pkg-1.0/PKG-INFO": metadata() if content is None else content}
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        for name, data in {**standard, **(members or {})}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def fields(
    file: bytes, filename: str = WHEEL, /, **changes: str | list[str] | None
) -> dict[str, Any]:
    """The fields of an upload; a change to None leaves a field out."""
    found: dict[str, Any] = {
        ":action": "file_upload",
        "protocol_version": "1",
        "name": "My.Pkg",
        "version": "1.0",
        "filetype": "bdist_wheel" if filename.endswith(".whl") else "sdist",
        "sha256_digest": hashlib.sha256(file).hexdigest(),
        **{key.replace("action", ":action"): value for key, value in changes.items()},
    }
    return {key: value for key, value in found.items() if value is not None}


def form(
    texts: dict[str, Any], files: dict[str, tuple[str, bytes]], boundary: str = "frontier"
) -> bytes:
    body = bytearray()
    for name, value in texts.items():
        for each in value if isinstance(value, list) else [value]:
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
            body += head.encode() + each.encode() + b"\r\n"
    for name, (filename, data) in files.items():
        body += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; '
            f'filename="{filename}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        ).encode() + data
        body += b"\r\n"
    return bytes(body) + f"--{boundary}--\r\n".encode()


def post(body: bytes, boundary: str = "frontier", step: int = 1000) -> Publication:
    """What the seam makes of an upload, as the shell drives it."""
    header = {"content-type": f"multipart/form-data; boundary={boundary}"}
    intent = PYPI.parse(Call("POST", "", "", header))
    assert isinstance(intent, Submit)
    receiver = PYPI.receiver(intent)
    received: dict[str, bytearray] = {}
    for start in range(0, len(body), step):
        for name, data in receiver.feed(body[start : start + step]):
            received.setdefault(name, bytearray()).extend(data)
    rest = receiver.close()
    change = PYPI.change(intent, rest, {k: part_of(bytes(v)) for k, v in received.items()})
    assert isinstance(change, Publication)
    return change


def upload(file: bytes, filename: str = WHEEL, /, **changes: str | list[str] | None) -> Publication:
    return post(form(fields(file, filename, **changes), {"content": (filename, file)}))
