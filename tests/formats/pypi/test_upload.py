import base64
import hashlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import Exceeded, Invalid, MirrorError
from mirror.formats.changes import Nothing, Outcome
from mirror.formats.intents import Submit
from mirror.formats.multipart import FormReceiver, read_form
from mirror.formats.pypi.upload import FILES
from mirror.model import Dependency, Status
from tests.formats.pypi.samples import (
    PACKAGE,
    PYPI,
    SDIST,
    WHEEL,
    digests_of,
    fields,
    form,
    metadata,
    part_of,
    post,
    recorded,
    sdist,
    upload,
    wheel,
)

FORMS = ["twine-wheel", "uv-wheel", "uv-sdist", "hatch-sdist"]


def form_of(name: str) -> tuple[bytes, str]:
    body = recorded(f"published/{name}.form")
    return body, body[2 : body.index(b"\r\n")].decode()


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize("name", FORMS)
def test_what_clients_really_send(name: str, step: int) -> None:
    found = post(*form_of(name), step=step)
    assert (found.package, found.version) == (PACKAGE, "1.0.0")
    [(file, entry)] = found.manifest["files"].items()
    assert file == ("my_pkg-1.0.0-py3-none-any.whl" if "wheel" in name else "my_pkg-1.0.0.tar.gz")
    assert entry["requires-python"] == ">=3.8"
    assert found.extends == {Status.PUBLISHED}
    assert [each.name for each in found.assets] == [file]
    assert found.manifest["metadata"]["name"] == "My.Pkg"
    assert "description" not in found.manifest["metadata"]
    assert found.dependencies == (
        Dependency("", "colorama", "", 'sys_platform == "win32"'),
        Dependency("", "requests", "", "<3,>=2"),
        Dependency("", "orjson", "", 'extra == "fast"'),
    )
    assert found.summary.summary == "A package made for tests"
    assert found.summary.source_repository == "https://example.com/my-pkg"
    assert found.summary.licenses == ("MIT",)
    assert found.summary.readme == "# My.Pkg\n"


def test_the_sidecar_is_the_metadata_in_the_wheel() -> None:
    """Lessons #27: byte for byte, and the hash is of the METADATA."""
    content = metadata(more="Requires-Python: >=3.9\n\nReadme \xff")
    found = upload(wheel(content))
    assert found.made == {f"{WHEEL}.metadata": content}
    entry = found.manifest["files"][WHEEL]
    assert entry["core-metadata"] == {"sha256": hashlib.sha256(content).hexdigest()}
    assert entry["requires-python"] == ">=3.9"


def test_a_real_wheel_and_its_real_sidecar() -> None:
    name = "sampleproject-4.0.0-py3-none-any.whl"
    file = recorded(f"upstream/{name}")
    found = upload(file, name, name="sampleproject", version="4.0.0")
    assert found.made[f"{name}.metadata"] == recorded(f"upstream/{name}.metadata")


def test_a_real_sdist() -> None:
    name = "sampleproject-4.0.0.tar.gz"
    found = upload(recorded(f"upstream/{name}"), name, name="sampleproject", version="4.0.0")
    assert not found.made
    assert "core-metadata" not in found.manifest["files"][name]


@pytest.mark.parametrize(
    "changes",
    [
        {"md5_digest": "{md5}"},
        {"blake2_256_digest": "{blake2}"},
        {"sha256_digest": None, "blake2_256_digest": "{blake2}"},
        {"comment": "", "home_page": "UNKNOWN", "x_new_field": ["a", "b"]},
        {"metadata_version": "9.9"},
        {"protocol_version": None},
        {"version": "v1.0"},
        {"name": "MY__PKG"},
    ],
)
def test_what_may_differ(changes: dict[str, Any]) -> None:
    file = wheel()
    texts = {
        "md5": hashlib.md5(file).hexdigest(),
        "blake2": hashlib.blake2b(file, digest_size=32).hexdigest(),
    }
    filled = {
        key: value.format(**texts) if isinstance(value, str) else value
        for key, value in changes.items()
    }
    assert upload(file, **filled).package == PACKAGE


@pytest.mark.parametrize("field", ["md5_digest", "sha256_digest", "blake2_256_digest"])
@pytest.mark.parametrize("digest", ["0" * 64, "0" * 32, "nonsense"])
def test_every_digest_sent_is_checked(field: str, digest: str) -> None:
    with pytest.raises(Invalid, match="The digest supplied does not match"):
        upload(wheel(), **{field: digest})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"action": "submit"}, "file_upload"),
        ({"action": None}, "file_upload"),
        ({"protocol_version": "2"}, "protocol_version"),
        ({"sha256_digest": None}, "no digest"),
        ({"name": None}, "project name"),
        ({"name": "../x"}, "project name"),
        ({"name": "other"}, "not the name of a wheel of other"),
        ({"version": "1.1"}, "not the name of a wheel"),
        ({"version": "abc"}, "PEP 440"),
        ({"filetype": "sdist"}, "bdist_wheel"),
        ({"filetype": None}, "bdist_wheel"),
        ({"name": ["a", "b"]}, "more than one value"),
    ],
)
def test_forms_that_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        upload(wheel(), **changes)


@pytest.mark.parametrize(
    "name",
    [
        "my_pkg-1.0-py3-none.whl",
        "my_pkg-1.0-x-py3-none-any.whl",
        "../my_pkg-1.0-py3-none-any.whl",
        "my_pkg-1.0-py3-none-any.whl\\x",
        "my_pkg-1.0-py3-none-äny.whl",
        "my_pkg-1.0.exe",
        "my_pkg-1.0-py3.12.egg",
        "my_pkg-1.0.tar.bz2",
        "My.Pkg-1.0.tar.gz",
        "my-pkg-1.0.tar.gz",
        "my_pkg-01.0.tar.gz",
        "my_pkg-.tar.gz",
        "my_pkg-1.0.tar.gz.zip",
        "my_pkg-1.1.tar.gz",
        "",
        ".whl",
        "a" * 300 + ".whl",
    ],
)
def test_file_names_that_are_refused(name: str) -> None:
    with pytest.raises(Invalid, match=r"name"):
        upload(sdist(), name)


def test_the_refusal_names_the_name_that_would_do() -> None:
    with pytest.raises(Invalid, match=r"'my_pkg-1\.0\.tar\.gz' \(PEP 625\)"):
        upload(sdist(), "My.Pkg-1.0.tar.gz")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (metadata("other"), "Name differs"),
        (metadata(version="2.0"), "Version differs"),
        (b"Name: My.Pkg\n", "no Version"),
        (b"\xff\xfe\x00", "no Name"),
        (b"", "no Name"),
    ],
)
@pytest.mark.parametrize("make", [wheel, sdist])
def test_the_archive_decides(make: Any, content: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        upload(make(content), WHEEL if make is wheel else SDIST)


def test_zero_padding_in_the_archive() -> None:
    assert upload(wheel(metadata(version="1.0.0"))).version == "1.0"


def test_files_of_a_form() -> None:
    file = wheel()
    with pytest.raises(Invalid, match="no file"):
        post(form(fields(file), {}))
    with pytest.raises(Invalid, match="no file"):
        post(form(fields(file, content="text"), {}))
    with pytest.raises(Invalid, match="empty"):
        upload(b"")
    twice = form({}, {"content": (WHEEL, file)}).removesuffix(b"--frontier--\r\n")
    with pytest.raises(Invalid, match="more than one file"):
        post(twice + form(fields(file), {"content": (WHEEL, file)}))


def test_a_signature_is_a_file_beside() -> None:
    file = wheel()
    found = post(
        form(fields(file), {"gpg_signature": (f"{WHEEL}.asc", b"sig"), "content": (WHEEL, file)})
    )
    assert [(each.name, each.part) for each in found.assets] == [
        (WHEEL, "content"),
        (f"{WHEEL}.asc", "gpg_signature"),
    ]
    big = {"gpg_signature": ("x", b"a" * 70_000), "content": (WHEEL, file)}
    with pytest.raises(Invalid, match="signature"):
        post(form(fields(file), big), step=10_000)


def attestation(name: str, digest: str) -> dict[str, Any]:
    statement = orjson.dumps({"subject": [{"name": name, "digest": {"sha256": digest}}]})
    return {"version": 1, "envelope": {"statement": base64.b64encode(statement).decode()}}


def test_attestations_are_kept_as_they_came() -> None:
    file = wheel()
    text = orjson.dumps([attestation(WHEEL, digests_of(file).sha256)]).decode()
    found = upload(file, attestations=text)
    assert found.made[f"{WHEEL}.attestations"] == text.encode()
    assert "provenance" not in found.manifest["files"][WHEEL]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        "[]",
        "[1]",
        '[{"envelope": {"statement": "!"}}]',
        '[{"envelope": {"statement": 1}}]',
        orjson.dumps([attestation("other", digests_of(wheel()).sha256)]).decode(),
        orjson.dumps([attestation(WHEEL, "0" * 64)]).decode(),
    ],
)
def test_attestations_about_something_else(text: str) -> None:
    with pytest.raises(Invalid, match="attestation"):
        upload(wheel(), attestations=text)


def test_too_many_attestations() -> None:
    with pytest.raises(Exceeded):
        upload(wheel(), attestations=f"[{' ' * 2_000_000}]")


def test_success_is_short() -> None:
    reply = PYPI.acknowledge(upload(wheel()), Outcome(created=True))
    assert (reply.status, reply.body) == (200, b"OK\n")
    assert PYPI.acknowledge(Nothing(), Outcome()).status == 200


@given(
    st.dictionaries(
        st.sampled_from(
            ["name", "version", "filetype", "sha256_digest", "attestations", ":action"]
        ),
        st.text(max_size=20),
    ),
    st.binary(max_size=60),
)
def test_any_form_is_a_publication_or_an_error(texts: dict[str, str], file: bytes) -> None:
    """Hostile fields: never another exception."""
    intent = Submit("PublishPackageVersion", "upload", argument="x")
    found = {name: [value] for name, value in {**fields(file), **texts}.items()}
    rest = orjson.dumps([found, {"content": WHEEL}])
    try:
        PYPI.change(intent, rest, {"content": part_of(file)})
    except MirrorError as error:
        assert PYPI.refuse(error).status in {400, 413}  # noqa: PT017 -- either is right
    else:
        raise AssertionError("random bytes are no wheel")


def test_the_seam_reads_what_the_receiver_leaves() -> None:
    receiver = FormReceiver("frontier", FILES)
    body = form({"a": ["1", "2"]}, {"content": ("x", b"data")})
    assert list(receiver.feed(body)) == [("content", b""), ("content", b"data")]
    assert read_form(receiver.close()) == ({"a": ["1", "2"]}, {"content": "x"})
