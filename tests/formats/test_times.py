import pytest

from mirror.formats.media import preferences
from mirror.formats.times import epoch, iso


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-11-06T22:37:10.868088Z", 1730932630.868088),
        ("2024-11-06T22:37:10", 1730932630.0),
        ("2024-11-06T23:37:10+01:00", 1730932630.0),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59Z", None),
        ("yesterday", None),
        (1, None),
        (None, None),
    ],
)
def test_epoch(text: object, seconds: float | None) -> None:
    assert epoch(text) == seconds


def test_there_and_back() -> None:
    assert iso(1730932630.868088) == "2024-11-06T22:37:10.868088Z"
    assert epoch(iso(1730932630.868088)) == 1730932630.868088


def test_preferences() -> None:
    found = preferences("text/HTML;level=1;q=0.5, */*;q=0 , a/b, a/b;q=0.1,,c/d;q=nonsense")
    assert found == {"text/html": 0.5, "*/*": 0.0, "a/b": 1.0, "c/d": 1.0}
