"""What errors tell those who asked, and what they do not."""

import pytest

from mirror.errors import Invalid, MirrorError, Storage
from mirror.formats.refusals import sentence_of


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            Storage("cannot use /var/lib/mirror/incoming/ab: check the disk"),
            "cannot use ab: check the disk",
        ),
        (
            Storage("no space left for the index /srv/my data/index.sqlite3: free some"),
            "no space left for the index index.sqlite3: free some",
        ),
        (
            Storage("the data directory /srv/a cannot be written to: cannot use /srv/a/b: x"),
            "the data directory a cannot be written to: cannot use b: x",
        ),
        (Storage("a stored file ends 3 bytes early"), "a stored file ends 3 bytes early"),
        (Invalid("/npm/@acme/* is no pattern"), "/npm/@acme/* is no pattern"),
        (Invalid("http://user:secret@host/x is wrong"), "http://host/x is wrong"),
        (Invalid("asked with token=abc"), "asked with token=***"),
    ],
)
def test_neither_secrets_nor_places_on_our_disk(error: MirrorError, said: str) -> None:
    assert sentence_of(error) == said
