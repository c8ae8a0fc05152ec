"""Stamps: equal for as long as nothing changed, and never equal again afterwards."""

from mirror.model import Package
from mirror.store.changes import Changes

A, B = Package("npm", "", "a"), Package("npm", "", "b")


def test_a_package_ages_alone() -> None:
    changes = Changes()
    a, b = changes.stamp(A), changes.stamp(B)
    changes.touch(A)
    assert changes.stamp(A) != a
    assert changes.stamp(B) == b


def test_everything_ages_and_no_stamp_returns() -> None:
    changes = Changes()
    seen = [changes.stamp(A)]
    for _ in range(3):
        changes.touch(A)
        seen.append(changes.stamp(A))
        changes.touch_everything()
        seen.append(changes.stamp(A))
    assert len(set(seen)) == len(seen)


def test_looking_keeps_nothing() -> None:
    changes = Changes()
    changes.stamp(A)
    assert not changes._packages
    changes.touch(A)
    changes.touch_everything()
    assert not changes._packages
