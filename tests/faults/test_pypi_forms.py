"""Forms that lie, or are none: refused in words, and nothing is changed by them."""

import hashlib

import pytest

from tests.faults.projects import beside, check_refusal, post
from tests.faults.server import Mirror
from tests.formats.pypi.samples import WHEEL, fields, form
from tests.formats.pypi.samples import wheel as sample

MIB = 1024 * 1024


def lies() -> dict[str, dict]:
    """Changes to the fields of a form that is right but for them."""
    absent = {field: {field: None} for field in ("name", "version", "filetype", "action")}
    empty = {f"empty {field}": {field: ""} for field in ("name", "version", "filetype", "action")}
    wrong = {
        f"wrong {field}": {field: value}
        for field, value in (
            ("md5_digest", hashlib.md5(b"other").hexdigest()),
            ("sha256_digest", hashlib.sha256(b"other").hexdigest()),
            ("blake2_256_digest", hashlib.blake2b(b"other", digest_size=32).hexdigest()),
        )
    }
    names = ["../../etc", "a/b", "a\0b", "a\r\nb: c", "x" * 500, "\uff4dy-pkg", "-", ".", "other"]
    versions = ["abc", "1.0/..", "1.0\0", "1.0\r\nb: c", "1." + "0" * 500, "1.1", "\u0663.0"]
    return {
        **{f"no {field}": change for field, change in absent.items()},
        **empty,
        **wrong,
        **{f"name {ascii(each)[:20]}": {"name": each} for each in names},
        **{f"version {ascii(each)[:20]}": {"version": each} for each in versions},
        "no digest": {"sha256_digest": None},
        "two names": {"name": ["My.Pkg", "other"]},
        "two versions": {"version": ["1.0", "2.0"]},
        "two digests": {"sha256_digest": ["0" * 64, hashlib.sha256(sample()).hexdigest()]},
        "another filetype": {"filetype": "sdist"},
        "an old filetype": {"filetype": "bdist_wininst"},
        "registration": {"action": "submit"},
        "documentation": {"action": "doc_upload"},
        "protocol 2": {"protocol_version": "2"},
        "attestation of nothing": {"attestations": "[{}]"},
    }


async def test_a_form_that_lies_changes_nothing(mirror: Mirror) -> None:
    """lessons #4, #19: each with a sentence of its own."""
    await mirror.token()
    rows, held = mirror.index(), mirror.files()
    content = sample()
    for lie, changes in lies().items():
        body = form(fields(content, WHEEL, **changes), {"content": (WHEEL, content)})
        reply = await post(mirror, body)
        check_refusal(reply)
        assert "Set-Cookie" not in reply.headers, lie
        assert mirror.files() == held, lie
    assert mirror.index() == rows


NAMES = [
    "../my_pkg-1.0-py3-none-any.whl",
    "/etc/my_pkg-1.0-py3-none-any.whl",
    "..%2fmy_pkg-1.0-py3-none-any.whl",
    "a/my_pkg-1.0-py3-none-any.whl",
    "a\\my_pkg-1.0-py3-none-any.whl",
    "my_pkg-1.0-py3-none-any.whl\0",
    "my_pkg-1.0-py3-none-any.whl%0D%0AX: y",
    "my_pkg-1.0-py3-none-any.whl.exe",
    "my_pkg-1.0-py3-none-any",
    "my_pkg-1.0-py3-none-äny.whl",
    "my_pkg-2.0-py3-none-any.whl",
    "other-1.0-py3-none-any.whl",
    f"my_pkg-1.0-py3-none-{'a' * 300}.whl",
    "my_pkg-1.0.tar.gz",
    "My.Pkg-1.0.tar.gz",
    ".whl",
    "..",
    "",
]


async def test_a_file_name_that_lies_changes_nothing(mirror: Mirror) -> None:
    """lessons #19."""
    await mirror.token()
    rows, held = mirror.index(), mirror.files()
    content = sample()
    for name in NAMES:
        body = form(fields(content, WHEEL), {"content": (name, content)})
        check_refusal(await post(mirror, body))
    assert mirror.index() == rows
    assert mirror.files() == held


CONTENT = sample()
RIGHT = form(fields(CONTENT, WHEEL), {"content": (WHEEL, CONTENT)})
END = b"--frontier--\r\n"
FIELD = b'--frontier\r\nContent-Disposition: form-data; name="%b"\r\n\r\nx\r\n'
BODIES = {
    "nothing": lambda: b"",
    "only an end": lambda: END,
    "cut in a file": lambda: RIGHT[: len(RIGHT) // 2 + 300],
    "cut before the end": lambda: RIGHT.removesuffix(END),
    "lines of LF": lambda: RIGHT.replace(b"\r\n", b"\n"),
    "no headers": lambda: RIGHT.replace(b"Content-Disposition", b"X-Disposition"),
    "no file": lambda: form(fields(CONTENT, WHEEL), {}),
    "a file that is text": lambda: form(fields(CONTENT, WHEEL, content="x"), {}),
    "two files": lambda: form({}, {"content": (WHEEL, CONTENT)}).removesuffix(END) + RIGHT,
    "an empty file": lambda: form(fields(b"", WHEEL), {"content": (WHEEL, b"")}),
    "names of bytes": lambda: FIELD % b"\xff\xfe" + RIGHT,
    "a head without end": lambda: b"--frontier\r\nX: " + b"y" * 100_000,
    "ten thousand heads": lambda: b"--frontier\r\n" + b"X: y\r\n" * 10_000,
    "30,000 fields": lambda: FIELD % b"f" * 30_000 + RIGHT,
    "fields of 17 MB": lambda: form({"description": "x" * 17 * MIB}, {}),
    "a name of 17 MB": lambda: FIELD % (b"n" * 17 * MIB) + RIGHT,
    "a signature of 1 MB": lambda: form(
        fields(CONTENT, WHEEL),
        {"gpg_signature": ("x", b"x" * MIB), "content": (WHEEL, CONTENT)},
    ),
}
TYPES = [
    "multipart/form-data; boundary=other",
    "multipart/form-data",
    'multipart/form-data; boundary=""',
    f"multipart/form-data; boundary={'f' * 71}",
    'multipart/form-data; boundary="%0d%0a"',
    "multipart/mixed; boundary=frontier",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "application/json",
    "frontier",
]


@pytest.mark.parametrize("case", BODIES)
async def test_a_body_that_is_no_form_changes_nothing(mirror: Mirror, case: str) -> None:
    """lessons #4, #7: whatever its boundaries, its length and its heads."""
    await mirror.token()
    rows, held = mirror.index(), mirror.files()
    check_refusal(await beside(mirror, post(mirror, BODIES[case]())))
    assert mirror.files() == held
    assert mirror.index() == rows


@pytest.mark.parametrize("kind", TYPES)
async def test_a_body_of_another_type_changes_nothing(mirror: Mirror, kind: str) -> None:
    """lessons #4: not as its Content-Type says, and nothing is guessed."""
    await mirror.token()
    rows, held = mirror.index(), mirror.files()
    check_refusal(await post(mirror, RIGHT, kind))
    assert mirror.files() == held
    assert mirror.index() == rows


async def test_content_encoding_of_a_form(mirror: Mirror) -> None:
    """lessons #8: nothing is unpacked that nobody asked to send packed."""
    reply = await post(mirror, RIGHT, **{"Content-Encoding": "gzip"})
    check_refusal(reply)
    assert b"Content-Encoding" in reply.body
