import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.formats.digests import from_integrity, hex_digest, to_integrity


@given(st.sampled_from([("md5", 16), ("sha1", 20), ("sha256", 32), ("sha512", 64)]), st.data())
def test_integrity_there_and_back(algorithm: tuple[str, int], data: st.DataObject) -> None:
    name, size = algorithm
    digest = data.draw(st.binary(min_size=size, max_size=size)).hex()
    assert from_integrity(to_integrity(name, digest)) == {name: digest}
    assert hex_digest(name, digest.upper()) == digest


@pytest.mark.parametrize(
    "text", [None, 7, "", "sha512", "sha512-", "sha512-!!", "sha1-AAAA", "x-AAAA"]
)
def test_what_promises_nothing(text: object) -> None:
    assert from_integrity(text) == {}


@pytest.mark.parametrize("text", [None, 7, "", "g" * 40, "a" * 39, "\u0661" * 40, "a" * 40 + "\n"])
def test_what_is_no_hex(text: object) -> None:
    assert hex_digest("sha1", text) is None
