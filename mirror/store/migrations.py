"""Bringing an index up to the schema of this release."""

import logging
import sqlite3
from contextlib import suppress
from importlib import resources

from mirror.errors import Storage

log = logging.getLogger(__name__)


def migrate(connection: sqlite3.Connection) -> None:
    """Apply the numbered scripts that the file has not seen, each inside its own transaction.

    Raises `Storage` for a file that a newer version of the mirror has written.
    """
    scripts = sorted(
        (
            entry
            for entry in resources.files("mirror.store").joinpath("schema").iterdir()
            if entry.name.endswith(".sql")
        ),
        key=lambda entry: entry.name,
    )
    applied = _version(connection)
    if applied > len(scripts):
        raise Storage(
            f"the index is of schema {applied}, this mirror knows {len(scripts)}: "
            "run the version that wrote it, or a newer one"
        )
    for number, script in enumerate(scripts[applied:], start=applied + 1):
        log.info("migrating the index to %s", script.name)
        try:
            connection.executescript(
                f"BEGIN EXCLUSIVE;\n{script.read_text()}\nPRAGMA user_version = {number};\nCOMMIT;"
            )
        except sqlite3.OperationalError:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            if _version(connection) < number:
                raise
            # Another process was opened at the same time and was faster with this one.


def _version(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found
