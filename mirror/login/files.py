"""Editing a user's files: shown beforehand, or done at once."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from difflib import ndiff
from pathlib import Path

from mirror.errors import Invalid
from mirror.login.clients import Edit

_SECRET = re.compile(r"(?i)((?:token|password|ident|_auth)\w*[\"']?\s*[:=]\s*)\S.*")
_USERINFO = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")


def lines_to_write(edits: Iterable[Edit]) -> Iterator[tuple[Path, list[str]]]:
    """Each file that would change, with the lines that it would have from then on.

    Of secrets there are asterisks: some are other people's, in lines that are only laid out anew.
    """
    for file, before, after in _changes(edits):
        diff = ndiff(before.splitlines(), after.splitlines())
        yield file, [_masked(line[2:]) for line in diff if line.startswith("+ ")]


def write(edits: Iterable[Edit]) -> list[Path]:
    """Make the changes, all or none where a file cannot be read; the files that changed.

    Each is replaced at once and for its owner's eyes only, since it may hold a token.
    """
    changes = list(_changes(edits))
    for file, _, after in changes:
        try:
            _replace(file, after)
        except OSError as error:
            raise Invalid(f"{file} cannot be written: {error.strerror}") from error
    return [file for file, _, _ in changes]


def _masked(line: str) -> str:
    return _SECRET.sub(r"\1******", _USERINFO.sub(r"\1******@", line))


def _changes(edits: Iterable[Edit]) -> Iterator[tuple[Path, str, str]]:
    for edit in edits:
        try:
            before = edit.file.read_bytes().decode()
        except FileNotFoundError:
            if edit.optional:
                continue
            before = ""
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"{edit.file} cannot be read: {error}") from error
        try:
            plain = before.replace("\r\n", "\n")
            after = edit.change(plain)
        except Invalid as error:
            raise Invalid(f"{edit.file} cannot be changed: {error}") from error
        if after != plain:
            yield edit.file, before, after.replace("\n", "\r\n") if "\r\n" in before else after


def _replace(file: Path, text: str) -> None:
    target = file.resolve()  # of a link, which may lead into somebody's dotfiles
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as written:
            written.write(text.encode())
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
