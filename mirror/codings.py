"""Undoing content codings (RFC 9110 §8.4.1), with a limit to what may come out. Pure."""

import zlib
from collections.abc import Iterable, Iterator

GZIP_MAGIC = b"\x1f\x8b"

PIECE = 1 << 20
"""Bytes that are unpacked at a time: a few kilobytes of gzip may hold gigabytes."""

_IDENTITY = ("", "identity")


def decode(packed: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """The whole body, at most `limit` bytes; `ValueError` says what is wrong with it."""
    pieces, size = [], 0
    for piece in unpacked(packed, encoding):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise ValueError(f"it grows beyond {limit} bytes")
    return b"".join(pieces)


def unpacked(packed: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The body in pieces of moderate size; `ValueError` as soon as something is wrong with it."""
    source = filter(None, packed)
    if encoding in _IDENTITY:
        yield from source
        return
    rest = next(source, b"")
    window = _window(encoding, rest)
    while True:
        member, piece = zlib.decompressobj(window), b""
        while not member.eof:
            if not rest and len(piece) < PIECE:  # a full piece may not have been all of its input
                rest = next(source, b"")
                if not rest:
                    raise ValueError("the compressed body is cut short")
            try:
                piece = member.decompress(rest, PIECE)
            except zlib.error as error:
                raise ValueError(f"the compressed body is broken: {error}") from error
            rest = member.unconsumed_tail
            yield piece
        # gzip may come in several members (RFC 1952 §2.2); what else follows is padding.
        rest = member.unused_data
        if len(rest) < len(GZIP_MAGIC):
            rest += next(source, b"")
        if not rest.startswith(GZIP_MAGIC):
            return


def _window(encoding: str, start: bytes) -> int:
    if encoding in ("gzip", "x-gzip"):
        return 16 + zlib.MAX_WBITS
    if encoding == "deflate":
        # RFC 9110 §8.4.1.2 means the zlib format; some servers send bare deflate.
        wrapped = len(start) > 1 and start[0] & 0x0F == 8 and (start[0] << 8 | start[1]) % 31 == 0
        return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS
    raise ValueError(f"Content-Encoding '{encoding}', which was not asked for")
