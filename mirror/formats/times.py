"""Points in time as documents write them: ISO 8601, and seconds since 1970."""

from datetime import UTC, datetime

_YEAR_9999 = 253_370_764_800.0  # its first second


def epoch(text: object) -> float | None:
    """Seconds since 1970 of an ISO 8601 time; None for what is none. Without a zone it is UTC."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = moment.timestamp()
    except (ValueError, OverflowError):
        return None
    # Outside these years it could not be written as a date again, in any zone.
    return seconds if 0.0 <= seconds < _YEAR_9999 else None


def iso(seconds: float) -> str:
    """The time in UTC with six digits of a second and `Z`, as PEP 700 has it."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
