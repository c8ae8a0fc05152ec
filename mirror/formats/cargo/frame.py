"""Taking the body of `cargo publish` apart while it arrives (Cargo Book, "Registry Web API").

4 bytes   length of the JSON, little-endian
JSON      what the index and the site are to know
4 bytes   length of the crate, little-endian
crate     and nothing after it
"""

from collections.abc import Iterator

from mirror.errors import Exceeded, Invalid

PART = "crate"
"""The name of the one part that a body has."""

JSON_LIMIT = 1024**2  # bytes; the largest readmes and feature lists of crates.io have some 300 KB
_LENGTH = 4  # bytes of a length


class FrameReceiver:
    """A `Receiver` that diverts the crate; the JSON is what is left."""

    def __init__(self) -> None:
        self._front = bytearray()  # lengths and JSON, until all of them are here
        self._document = b""
        self._missing: int | None = None  # bytes of the crate; None before its length is known

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """The crate's bytes; raises `Exceeded` for too much JSON, `Invalid` for bytes to spare."""
        if self._missing is None:
            self._front += data
            data = self._crate()
        if not data or self._missing is None:
            return
        self._missing -= len(data)
        if self._missing < 0:
            raise Invalid(
                "the body is longer than the lengths in it say: no byte follows the crate"
            )
        yield PART, data

    def close(self) -> bytes:
        """The JSON; raises `Invalid` for a body that is cut short (alexandrie#151)."""
        if self._missing is None or self._missing > 0:
            raise Invalid("the body is cut short: it ends before the lengths in it say")
        return self._document

    def _crate(self) -> bytes:
        """The beginning of the crate, once all that stands before it is here."""
        if len(self._front) < _LENGTH:
            return b""
        size = int.from_bytes(self._front[:_LENGTH], "little")
        if size > JSON_LIMIT:
            raise Exceeded(
                f"the body begins with the length of its JSON, at most {JSON_LIMIT} bytes; this "
                f"one says {size}"
            )
        start, end = _LENGTH, _LENGTH + size
        if len(self._front) < end + _LENGTH:
            return b""
        self._document = bytes(self._front[start:end])
        self._missing = int.from_bytes(self._front[end : end + _LENGTH], "little")
        rest = bytes(self._front[end + _LENGTH :])
        self._front.clear()
        return rest
