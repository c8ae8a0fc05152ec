"""Taking a publish body apart while it arrives (npm.md §4, step 2).

The tarball is base64 text inside a JSON document, often one string of hundreds of megabytes. It is
decoded into a part as it passes; the document around it, with an empty string in its place, is the
residue. Only borders of strings and containers are looked at, and never one byte at a time; the
residue is read by a real parser later, which is also what finds fault with malformed JSON.
"""

import binascii
import re
from collections.abc import Iterator

import orjson

from mirror.errors import Exceeded, Invalid

RESIDUE_LIMIT = 64 * 1024**2  # bytes; `npm deprecate` sends whole packuments back, up to 40 MB
_WINDOW = 64 * 1024  # bytes looked at in one go, so that no pattern ever holds much state
_BORDERS = 2_000_000  # looked at one by one; the largest packuments have some 300,000 brackets
_KEY_LIMIT = 2048  # bytes of a key on the way to an attachment

_TO_BORDER = re.compile(rb'[^"{}\[\]:,]*')
# In containers that cannot hold an attachment: over whole strings, up to the next bracket.
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]+|"[^"\\]*(?:\\.[^"\\]*)*")*', re.DOTALL)
_IN_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u00([0-9a-fA-F]{2})|([/nrt])|)")
_CUT_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_BLANK = b" \t\r\n"


class AttachmentSplitter:
    """A `Receiver` that diverts `_attachments.<name>.tgz.data`; the part's name is the key.

    Everything else, Sigstore bundles included, stays in the residue of at most `limit` bytes.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = RESIDUE_LIMIT if limit is None else min(limit, RESIDUE_LIMIT)
        self._residue = bytearray()
        self._held = b""  # the beginning of an escape that the last window cut
        self._borders = 0
        self._depth = 0
        self._objects = [False] * 4  # whether the container at each depth up to 3 is an object
        self._keys = [""] * 4  # the key last read in each of them
        self._key_next = False  # whether a string here is a key
        self._string: bytearray | None = None  # a key being read; None where nobody asks
        self._reads = self._outside
        self._base64: _Base64 | None = None
        self._part = ""

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Part name and decoded bytes, in order; raises `Invalid` or `Exceeded`."""
        for start in range(0, len(data), _WINDOW):
            window = self._held + data[start : start + _WINDOW]
            self._held = b""
            position = 0
            while position < len(window):
                if self._base64 is None:
                    position = self._reads(window, position)
                else:
                    position, decoded = self._divert(self._base64, window, position)
                    if decoded:
                        yield self._part, decoded

    def close(self) -> bytes:
        """The residue; raises `Invalid` for a body that is cut short."""
        inside = self._base64 is not None or self._reads != self._outside
        if self._depth or inside or not self._residue:
            raise Invalid("the body is cut short: its JSON document does not end")
        return bytes(self._residue)

    # -- between strings

    def _outside(self, window: bytes, position: int) -> int:
        pattern = _TO_BORDER if self._interesting() else _TO_BRACKET
        match = pattern.match(window, position)
        end = match.end() if match else position
        if end == len(window):
            self._keep(window, position, end)
            return end
        self._keep(window, position, end + 1)
        self._border(window[end])
        return end + 1

    def _interesting(self) -> bool:
        """Whether keys matter here: at the root, in `_attachments`, and in an attachment."""
        return self._depth <= 1 or (self._depth <= 3 and self._keys[1] == "_attachments")

    def _border(self, byte: int) -> None:
        self._borders += 1
        if self._borders > _BORDERS:
            raise Exceeded(f"the document has more than {_BORDERS} brackets")
        if byte == 0x22:  # "
            self._open_string()
        elif byte in b"{[":
            self._depth += 1
            if self._depth <= 3:
                self._objects[self._depth] = byte == 0x7B
                self._keys[self._depth] = ""  # so that nothing in an array has a key
            self._key_next = byte == 0x7B
        elif byte in b"}]":
            self._depth -= 1
            if self._depth < 0:
                raise Invalid("the body is not JSON: a bracket closes that never opened")
        elif byte == 0x2C:  # ,
            self._key_next = self._depth <= 3 and self._objects[self._depth]
        else:
            self._key_next = False

    def _open_string(self) -> None:
        if self._diverts():
            if self._part:
                raise Invalid("a publication has exactly one .tgz attachment, this one has more")
            self._part = self._keys[2]
            self._base64 = _Base64(self._part)
            return
        self._string = bytearray() if self._key_next and self._interesting() else None
        self._reads = self._inside

    def _diverts(self) -> bool:
        return (
            self._depth == 3
            and not self._key_next
            and self._keys[1] == "_attachments"
            and self._keys[2].endswith(".tgz")
            and self._keys[3] == "data"
        )

    # -- inside strings

    def _inside(self, window: bytes, position: int) -> int:
        match = _IN_STRING.match(window, position)
        end = match.end() if match else position
        if self._string is not None:
            self._string += window[position:end]
            if len(self._string) > _KEY_LIMIT:
                raise Invalid(f"the document has a key of more than {_KEY_LIMIT} bytes")
        if end < len(window) and window[end] == 0x5C:  # a backslash that ends the window
            self._keep(window, position, end)
            self._held = window[end:]
            return len(window)
        closed = end < len(window)
        self._keep(window, position, end + closed)
        if closed:
            self._close_string()
        return end + closed

    def _close_string(self) -> None:
        if self._string is not None:
            try:
                self._keys[self._depth] = orjson.loads(b'"%b"' % bytes(self._string))
            except orjson.JSONDecodeError:
                raise Invalid("the body is not JSON: a key is not a text") from None
            self._string = None
        self._reads = self._outside

    def _divert(self, decoder: "_Base64", window: bytes, position: int) -> tuple[int, bytes]:
        quote = window.find(b'"', position)
        end = len(window) if quote < 0 else quote
        text = window[position:end]
        if b"\\" in text:
            cut = _CUT_ESCAPE.search(text) if quote < 0 else None
            if cut is not None:
                self._held = text[cut.start() :]
                text = text[: cut.start()]
            text = _ESCAPE.sub(decoder.unescape, text)
        decoded = decoder.decode(text)
        if quote < 0:
            return end, decoded
        decoder.finish()
        self._base64 = None
        self._residue += b'"'
        return quote + 1, decoded

    def _keep(self, window: bytes, start: int, end: int) -> None:
        if len(self._residue) + end - start > self._limit:
            raise Exceeded(f"the document without its tarball is larger than {self._limit} bytes")
        self._residue += window[start:end]


class _Base64:
    """Decodes base64 (RFC 4648 §4) that comes in pieces of any length, blanks between them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._carry = b""
        self._padded = False

    def decode(self, text: bytes) -> bytes:
        text = self._carry + text.translate(None, _BLANK)
        whole = len(text) & ~3
        self._carry = text[whole:]
        if not whole:
            return b""
        if self._padded:
            raise self._broken()
        self._padded = text.endswith(b"=", 0, whole)
        try:
            return binascii.a2b_base64(text[:whole], strict_mode=True)
        except binascii.Error:
            raise self._broken() from None

    def finish(self) -> None:
        if self._carry:
            raise self._broken()

    def unescape(self, escape: re.Match[bytes]) -> bytes:
        """Some JSON writers escape `/`, `+` or `=`, which base64 is full of."""
        if escape[1]:
            return bytes.fromhex(escape[1].decode("ascii"))
        if escape[2]:
            return b"/" if escape[2] == b"/" else b""
        raise self._broken()

    def _broken(self) -> Invalid:
        return Invalid(f"the data of the attachment '{self._name}' is not whole base64")
