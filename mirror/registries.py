"""Other people's registries, as the settings have them: which there are, and who asks them."""

from yarl import URL

from mirror.config import Settings
from mirror.formats import FORMATS
from mirror.telemetry.metrics import Metrics
from mirror.upstream.client import Client, default_agent
from mirror.upstream.connections import Connection


def connections(settings: Settings) -> dict[str, Connection]:
    """The public connections that the formats know, changed and added to as the file says."""
    found: dict[str, Connection] = {}
    for form in FORMATS.values():
        for public in form.connections:
            found[public.name] = Connection(public.name, form.name, URL(public.url), public.hosts)
    for name, given in settings.connections.items():
        known = found.get(name)
        address = str(given.url) if given.url is not None else str(known.url) if known else ""
        url = URL(address if address.endswith("/") else f"{address}/")
        found[name] = Connection(
            name=name,
            format=given.format or (known.format if known else ""),
            url=url,
            # The public hosts stay allowed: a corporate proxy often passes addresses on.
            hosts=(*given.hosts, *(known.hosts if known else ())),
            authorization=given.auth.authorization() if given.auth is not None else None,
            proxy=URL(given.proxy.get_secret_value()) if given.proxy is not None else None,
        )
    return found


def client_of(settings: Settings, metrics: Metrics) -> Client:
    """The client that asks them, not started yet."""
    upstream = settings.upstream
    contact = upstream.user_agent_contact
    return Client(
        connect=upstream.connect_timeout,
        idle=upstream.idle_timeout,
        per_host=upstream.per_host,
        attempts=1 + upstream.retries,
        breaker_threshold=upstream.breaker_failures,
        breaker_pause=upstream.breaker_pause_max,
        user_agent=f"{default_agent()} {contact}" if contact else None,
        observer=metrics,
    )
