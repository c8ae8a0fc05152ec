"""What is noted of every answered request, whichever way it took."""

from typing import NamedTuple

from mirror.telemetry.access import AccessLog, RequestIds
from mirror.telemetry.metrics import Metrics
from mirror.telemetry.requests import Tally


class Entry(NamedTuple):
    """All that is noted of an answer but its name, its hour and its duration."""

    phrase: bytes
    tally: Tally
    sent: int


class Journal:
    """One log line, one count; and the request's name."""

    def __init__(self, metrics: Metrics, access_log: AccessLog) -> None:
        self._metrics = metrics
        self._log = access_log
        self.new_id = RequestIds()

    def entry(
        self,
        *,
        remote: str,
        user: str,
        method: str,
        path: str,
        status: int,
        sent: int,
        format_name: str,
        kind: str,
        repository: str,
        cache: str,
        agent: str,
    ) -> Entry:
        """What to note of an answer; the same again if the same request gets it again."""
        phrase = self._log.phrase(
            remote=remote,
            user=user,
            method=method,
            path=path,
            status=status,
            sent=sent,
            format=format_name,
            repository=repository,
            cache=cache,
            agent=agent,
        )
        tally = self._metrics.requests.tally(format_name, kind, status, cache)
        return Entry(phrase, tally, sent)

    def note(self, entry: Entry, *, id_: bytes, at: float, seconds: float) -> None:
        """Note an answer; `at` is the time of day, `seconds` is from its head to its last byte."""
        entry.tally.add(seconds, entry.sent)
        self._log.record(entry.phrase, id_=id_, at=at, seconds=seconds)
