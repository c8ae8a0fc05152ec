"""Authorization tokens: what package managers show, got with a signature (auth-and-policy §3)."""

import time
from typing import Any

from mirror.api.call import Call
from mirror.api.errors import FIELD, Rejected
from mirror.api.services import Services
from mirror.auth.access import Target

LONGEST = 43200
"""Seconds for which a token is good, and is where nothing is said (12 hours)."""
SHORTEST = 900

BEARER = "sts:GetServiceBearerToken"
"""The second right that it takes, which only the caller's own policies can give."""


async def get_authorization_token(services: Services, call: Call) -> Any:
    """A token for all repositories of a domain, which does what its principal may do by then."""
    duration = _duration(call)
    principal = call.principal
    facts = {
        **call.conditions,
        "sts:awsservicename": ("codeartifact.amazonaws.com",),
        "sts:durationseconds": (str(duration),),
    }
    services.access.check(principal, BEARER, Target("*", owner=principal.account), facts)
    domain = services.search.domain(call.owner, call.domain)
    expires_at = time.time() + duration
    token = await services.tokens.of(principal.account).create(
        principal.name,
        f"for domain {domain.name}",
        kind="authorization",
        expires_at=expires_at,
        key_id=principal.key_id,
        domain=(domain.owner, domain.name),
    )
    return {"authorizationToken": token, "expiration": expires_at}


def _duration(call: Call) -> int:
    """The seconds asked for. Zero means the rest of a role's session, which nobody has here."""
    duration: int = call.input.get("durationSeconds", LONGEST)
    if duration < SHORTEST:
        raise Rejected(
            f"durationSeconds may be {SHORTEST} to {LONGEST}, and 0 only for the session of a role",
            FIELD,
        )
    return duration
