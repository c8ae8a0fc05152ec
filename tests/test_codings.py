"""Content codings: every way to send them, cut anywhere, and none that may grow beyond its limit."""

import gzip
import random
import zlib

import pytest

from mirror.codings import PIECE, decode, unpacked

BODY = random.Random(1).randbytes(3000) + bytes(9000)
ZLIB = zlib.compress(BODY)
CODED = {
    "identity": ("identity", BODY),
    "nothing said": ("", BODY),
    "gzip": ("gzip", gzip.compress(BODY)),
    "x-gzip": ("x-gzip", gzip.compress(BODY)),
    "several members": ("gzip", gzip.compress(BODY[:5000]) + gzip.compress(BODY[5000:])),
    "padding": ("gzip", gzip.compress(BODY) + b"\0\0\0"),
    "deflate": ("deflate", ZLIB),
    "bare deflate": ("deflate", ZLIB[2:-4]),  # as some servers do
}


@pytest.mark.parametrize(("encoding", "packed"), CODED.values(), ids=CODED)
@pytest.mark.parametrize("length", [2, 3, 7, 1000, 1 << 20])
def test_in_pieces_of_any_length(encoding: str, packed: bytes, length: int) -> None:
    pieces = [packed[start : start + length] for start in range(0, len(packed), length)]
    assert decode(pieces, encoding, len(BODY)) == BODY
    with pytest.raises(ValueError, match=f"beyond {len(BODY) - 1} bytes"):
        decode(pieces, encoding, len(BODY) - 1)


@pytest.mark.parametrize("cut", [0, 1, 9, 12, -9, -1])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_cut_short(encoding: str, cut: int) -> None:
    packed = gzip.compress(BODY) if encoding == "gzip" else ZLIB
    with pytest.raises(ValueError, match="cut short"):
        decode([packed[:cut]], encoding, len(BODY))


def test_the_second_member_may_be_cut_short_too() -> None:
    whole = gzip.compress(b"one") + gzip.compress(b"two")
    with pytest.raises(ValueError, match="cut short"):
        decode([whole[:-1]], "gzip", 100)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_broken(encoding: str) -> None:
    with pytest.raises(ValueError, match="broken"):
        decode([b"nonsense, and more of it"], encoding, 100)


def test_a_flipped_bit_shows() -> None:
    packed = bytearray(gzip.compress(BODY))
    packed[-6] ^= 1
    with pytest.raises(ValueError, match="broken"):
        decode([bytes(packed)], "gzip", len(BODY))


def test_unknown() -> None:
    with pytest.raises(ValueError, match="'br', which was not asked for"):
        decode([BODY], "br", len(BODY))


def test_a_bomb_goes_off_in_small_pieces() -> None:
    """A megabyte of gzip holds a gigabyte; only as much is unpacked as somebody wants."""
    bomb = gzip.compress(bytes(64 << 20))
    pieces = unpacked([bomb], "gzip")
    assert [len(next(pieces)) for _ in range(3)] == [PIECE] * 3
    with pytest.raises(ValueError, match="beyond"):
        decode([bomb], "gzip", 1 << 20)
