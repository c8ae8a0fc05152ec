"""What is noted of every answered request, whichever way it took."""

from mirror.telemetry.access import AccessLog, RequestIds
from mirror.telemetry.metrics import Metrics


class Journal:
    """One log line, one count; and the request's name."""

    def __init__(self, metrics: Metrics, access_log: AccessLog) -> None:
        self._metrics = metrics
        self._log = access_log
        self.new_id = RequestIds()

    def note(
        self,
        *,
        id_: str,
        remote: str,
        user: str,
        method: str,
        path: str,
        status: int,
        sent: int,
        seconds: float,
        format_name: str,
        kind: str,
        repository: str,
        cache: str,
        agent: str,
    ) -> None:
        """Note an answer; `seconds` is from its head to its last byte."""
        self._metrics.request(format_name, kind, status, seconds, sent)
        if cache:
            self._metrics.cache(format_name, cache)
        self._log.record(
            id=id_,
            remote=remote,
            user=user,
            method=method,
            path=path,
            status=status,
            sent=sent,
            seconds=seconds,
            format=format_name,
            repository=repository,
            cache=cache,
            agent=agent,
        )
