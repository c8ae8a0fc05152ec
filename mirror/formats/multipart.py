"""Taking a form apart while it arrives: multipart/form-data (RFC 7578)."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import orjson
from multipart import (  # type: ignore[import-untyped] # one module without a py.typed
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from mirror.errors import Exceeded, Invalid

_BOUNDARY_LENGTH = 70  # characters, RFC 2046 §5.1.1
_WINDOW = 64 * 1024  # bytes parsed in one go


class FormLimits(NamedTuple):
    """What a form may hold beside its files."""

    fields: int = 20_000
    size: int = 16 * 1024**2  # bytes of names and values together; long readmes are among them


class Form(NamedTuple):
    """The residue of a form: its fields in order, and the names that the files came with."""

    fields: dict[str, list[str]]
    files: dict[str, str]


def boundary_of(content_type: str | None) -> str:
    """The boundary of a form's parts; raises `Invalid` where the header names none."""
    media, options = parse_options_header(content_type or "")
    boundary: str = options.get("boundary", "")
    if media != "multipart/form-data" or not 0 < len(boundary) <= _BOUNDARY_LENGTH:
        raise Invalid("the body must be multipart/form-data, with its boundary in Content-Type")
    return boundary


class FormReceiver:
    """A `Receiver` that diverts the files named in `files`; everything else is a field in memory.

    A file part begins with an empty piece, so that an empty file is a file too. What stands before
    the first boundary or after the last one means nothing (RFC 2046 §5.1.1) and is dropped.
    """

    def __init__(
        self, boundary: str, files: Collection[str], limits: FormLimits | None = None
    ) -> None:
        self._limits = limits or FormLimits()
        self._files = files
        try:
            self._parser = PushMultipartParser(
                boundary, max_segment_count=self._limits.fields + len(files)
            )
        except MultipartError as error:
            raise Invalid(f"the form cannot be read: {error}") from None
        self._names: dict[str, str] = {}
        self._fields: dict[str, list[str]] = {}
        self._field = ""
        self._value = bytearray()
        self._size = 0
        self._file: str | None = None

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Part name and bytes of files, in order; raises `Invalid` or `Exceeded`."""
        for start in range(0, len(data), _WINDOW):
            try:
                for event in self._parser.parse(data[start : start + _WINDOW]):
                    if isinstance(event, MultipartSegment):
                        self._open(event)
                        if self._file is not None:
                            yield self._file, b""
                    elif event is None:
                        self._close()
                    elif self._file is not None:
                        yield self._file, bytes(event)
                    else:
                        self._count(len(event))
                        self._value += event
            except ParserLimitReached as error:
                raise Exceeded(f"the form is over a limit: {error}") from None
            except MultipartError as error:
                raise Invalid(f"the form cannot be read: {error}") from None

    def close(self) -> bytes:
        """The residue, for `read_form`; raises `Invalid` for a form that is cut short."""
        try:
            self._parser.close()
        except MultipartError:
            raise Invalid("the body is cut short: its form does not end") from None
        return orjson.dumps([self._fields, self._names])

    def _open(self, segment: MultipartSegment) -> None:
        name = segment.name or ""
        self._count(len(name))
        if name in self._files and segment.filename is not None:
            if name in self._names:
                raise Invalid(f"the form has more than one file '{name}'")
            self._names[name] = segment.filename
            self._file = name
        else:
            self._field = name

    def _close(self) -> None:
        if self._file is None:
            # A replacement character is told from a wrong name or digest later on, never guessed.
            text = self._value.decode("utf-8", "replace")
            self._fields.setdefault(self._field, []).append(text)
            self._value.clear()
        self._file = None

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > self._limits.size:
            raise Exceeded(f"the form's fields are larger than {self._limits.size} bytes")


def read_form(residue: bytes) -> Form:
    """The form that a `FormReceiver` left."""
    fields: dict[str, Any]
    files: dict[str, Any]
    fields, files = orjson.loads(residue)
    return Form(fields, files)
