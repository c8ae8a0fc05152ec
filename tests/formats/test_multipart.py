import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import Exceeded, Invalid, MirrorError
from mirror.formats.multipart import FormLimits, FormReceiver, boundary_of, read_form

HEAD = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n'
FILE = b'--x\r\nContent-Disposition: form-data; name="f"; filename="n"\r\n\r\n'


def received(
    body: bytes, step: int = 1000, limits: FormLimits | None = None
) -> tuple[dict[str, bytes], bytes]:
    receiver = FormReceiver("x", ("f",), limits)
    files: dict[str, bytes] = {}
    for start in range(0, len(body), step):
        for name, data in receiver.feed(body[start : start + step]):
            files[name] = files.get(name, b"") + data
    return files, receiver.close()


@given(st.binary(max_size=300), st.integers(1, 50))
def test_a_file_arrives_as_it_was_sent(data: bytes, step: int) -> None:
    if b"\r\n--x" in data:
        return
    files, rest = received(FILE + data + b"\r\n" + HEAD % b"a" + b"1\r\n--x--\r\n", step)
    assert files == {"f": data}
    assert read_form(rest) == ({"a": ["1"]}, {"f": "n"})


@given(st.binary(max_size=200))
def test_any_body_is_a_form_or_an_error(body: bytes) -> None:
    for each in (body, FILE + body, HEAD % b"a" + body):
        try:
            received(each, 7)
        except MirrorError as error:
            assert isinstance(error, Invalid | Exceeded)  # noqa: PT017 -- either is right


@pytest.mark.parametrize(
    "body", [b"", FILE, FILE + b"abc", FILE + b"abc\r\n--x", HEAD % b"a" + b"1\r\n--x\r\n"]
)
def test_cut_short(body: bytes) -> None:
    with pytest.raises(Invalid, match="cut short"):
        received(body)


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"--x\r\nContent-Disposition: attachment\r\n\r\n\r\n--x--",
        b"--x\r\n\r\n\r\n--x--",
        b"--x\r\nno colon\r\n\r\n\r\n--x--",
        FILE + b"a\r\n--xy--\r\n",
        FILE + b"1\r\n" + FILE + b"2\r\n--x--\r\n",
    ],
)
def test_malformed(body: bytes) -> None:
    with pytest.raises(Invalid):
        received(body)


def test_memory_is_bounded() -> None:
    """Lessons #7: what is no file is limited in number, size, and length of its head."""
    limits = FormLimits(fields=10, size=1000)
    with pytest.raises(Exceeded, match="1000 bytes"):
        received(HEAD % b"a" + b"1" * 2000, limits=limits)
    with pytest.raises(Exceeded):
        received((HEAD % b"a" + b"\r\n") * 20, limits=limits)
    with pytest.raises(Exceeded):
        received(b"--x\r\n" + b"a" * 10_000)
    with pytest.raises(Exceeded):
        received((HEAD % (b"n" * 900) + b"\r\n") * 2, limits=limits)
    assert received(FILE + b"1" * 5000 + b"\r\n--x--\r\n", limits=limits)[0] == {"f": b"1" * 5000}


def test_a_file_of_another_name_is_a_field() -> None:
    other = FILE.replace(b'"f"', b'"g"')
    assert read_form(received(other + b"1\r\n--x--\r\n")[1]) == ({"g": ["1"]}, {})


def test_a_field_of_the_name_of_a_file_is_a_field() -> None:
    files, rest = received(HEAD % b"f" + b"1\r\n--x--\r\n")
    assert (files, read_form(rest)) == ({}, ({"f": ["1"]}, {}))


def test_what_follows_the_end_means_nothing() -> None:
    assert received(FILE + b"1\r\n--x--\r\n" + FILE * 9)[0] == {"f": b"1"}


def test_boundaries() -> None:
    assert boundary_of('multipart/form-data; boundary="a b"; charset=x') == "a b"
    for header in (None, "", "multipart/form-data", f"multipart/form-data; boundary={'a' * 71}"):
        with pytest.raises(Invalid):
            boundary_of(header)
