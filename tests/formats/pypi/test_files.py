import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.formats.pypi.files import base_of, kind, python_tag, version_of
from tests.formats.pypi.samples import PYPI


@pytest.mark.parametrize(
    ("name", "file", "version"),
    [
        ("my-pkg", "my_pkg-1.0-py3-none-any.whl", "1.0"),
        ("my-pkg", "My.Pkg-1.0-py3-none-any.whl", "1.0"),
        ("my-pkg", "my_pkg-1.0-1-py3-none-any.whl", "1.0"),
        ("torch", "torch-2.9.0+cpu-cp312-cp312-win_amd64.whl", "2.9.0+cpu"),
        ("a", "a-1!2.0.tar.gz", "1!2.0"),
        ("foo-bar", "foo-bar-1.0-2.tar.gz", "1.0.post2"),
        ("foo", "foo-bar-1.0.tar.gz", "bar-1.0"),
        ("my-pkg", "My.Pkg-1.0.zip", "1.0"),
        ("py", "py-0.9.2-py2.4-win32.egg", "0.9.2"),
        ("a", "a-1.0.win32-py2.7.exe", "1.0"),
        ("a", "a-1.0.linux-x86_64.tar.gz", "1.0"),
        ("a", "a-1.0-1.noarch.rpm", "1.0"),
        ("a", "a-2004d?.tar.gz", "2004d?"),
    ],
)
def test_versions(name: str, file: str, version: str) -> None:
    assert version_of(PYPI.package("", name), file) == version


@pytest.mark.parametrize(
    "file",
    ["", "a", "a-.tar.gz", "b-1.0.tar.gz", "a-1.0.txt", "../a-1.0.tar.gz", "a-1.0-none.whl"],
)
def test_no_files_of_the_project(file: str) -> None:
    assert version_of(PYPI.package("", "a"), file) is None


@given(st.text(max_size=60))
def test_any_text_is_a_file_or_none(file: str) -> None:
    found = version_of(PYPI.package("", "a"), f"a-{file}")
    assert found is None or "/" not in found


@pytest.mark.parametrize(
    ("file", "word", "tag"),
    [
        ("a-1-py3-none-any.whl", "bdist_wheel", "py3"),
        ("a-1-2-cp39.cp310-abi3-linux.whl", "bdist_wheel", "cp39.cp310"),
        ("a-1.tar.gz", "sdist", "source"),
        ("a-1-py2.7.egg", "bdist_egg", "any"),
        ("a-1.win32.exe", "bdist_wininst", "any"),
    ],
)
def test_kinds(file: str, word: str, tag: str) -> None:
    assert (kind(file), python_tag(file)) == (word, tag)


def test_companions_stand_beside_their_file() -> None:
    assert base_of("a.whl.metadata") == "a.whl"
    assert base_of("a.whl") == "a.whl"
