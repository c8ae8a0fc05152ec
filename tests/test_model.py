"""The shared nouns: small, but everything rests on them."""

import pytest

from mirror.model import Digests, Package, Promise, Status

ACTUAL = Digests(size=3, md5="0a", sha1="0b", sha256="0c", sha512="0d")


@pytest.mark.parametrize(
    ("promise", "broken"),
    [
        (Promise(), None),
        (Promise(3), None),
        (Promise(4), "promised 4 bytes, got 3"),
        (Promise(0), "promised 0 bytes, got 3"),
        (Promise(3, {"sha512": "0d", "sha1": "0b"}), None),
        (Promise(None, {"sha1": "ff"}), "promised sha1 ff, got 0b"),
        # the strongest decides, whatever the weaker ones say
        (Promise(None, {"sha512": "0d", "sha1": "ff"}), None),
        (Promise(None, {"md5": "0a", "sha256": "ff"}), "promised sha256 ff, got 0c"),
        (Promise(None, {"sha384": "ff"}), None),
    ],
)
def test_promises(promise: Promise, broken: str | None) -> None:
    assert promise.broken_by(ACTUAL) == broken


@pytest.mark.parametrize(
    ("status", "listed", "downloadable"),
    [
        ("Published", True, True),
        ("Unfinished", False, True),
        ("Unlisted", False, True),
        ("Archived", False, False),
        ("Disposed", False, False),
    ],
)
def test_statuses(status: str, listed: bool, downloadable: bool) -> None:
    """API contract §9."""
    assert (Status(status).listed, Status(status).downloadable) == (listed, downloadable)
    assert {each.value for each in Status} >= {status}


def test_packages_in_words() -> None:
    assert str(Package("npm", "acme", "ui")) == "npm/acme/ui"
    assert str(Package("npm", "", "ui")) == "npm/ui"
