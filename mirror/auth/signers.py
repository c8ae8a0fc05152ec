"""From a signed request to a principal (auth-and-policy §2)."""

import secrets
import time
from typing import NamedTuple

from mirror.auth.signatures.canonical import signing_key
from mirror.auth.signatures.claims import Claim, SignedRequest, claim_of
from mirror.auth.signatures.refusals import mismatch, unrecognized
from mirror.auth.signatures.verifying import check, matches, payload_of
from mirror.store.access_keys import AccessKeys
from mirror.store.changes import Changes
from mirror.store.users import Principal

REMEMBERED = 4096
"""Signing keys that are remembered: one for each access key, day and region in use."""


class _Signer(NamedTuple):
    """`principal` is None for a decoy: checked like all others, and then refused."""

    principal: Principal | None
    key: bytes


class Signers:
    """Tells who signed. What it remembers is dropped as soon as any right or user changed."""

    def __init__(self, keys: AccessKeys, changes: Changes) -> None:
        self._keys = keys
        self._changes = changes
        self._known: dict[tuple[str, str, str], _Signer] = {}
        self._seen = -1
        self._decoy = secrets.token_urlsafe(30)

    async def identify(self, request: SignedRequest, body_sha256: str | None) -> Principal:
        """Who signed; raises `SignatureRefused` unless that is beyond doubt.

        `body_sha256` is of the whole body, in lower-case hexadecimal. Before the body is read it
        is None: then the signature covers what `x-amz-content-sha256` declares, the caller must
        compare the body with that, and `Invalid` is raised where it declares nothing.
        """
        claim = claim_of(request)
        payload = payload_of(claim, body_sha256, secure=request.secure)
        check(claim, time.time())
        if claim.security_token:  # no session credentials are ever issued here
            raise unrecognized()
        now = self._changes.everything
        if self._seen != now:
            self._known.clear()
            self._seen = now
        name = (claim.key_id, claim.date, claim.region)
        known = self._known.get(name)
        signer = known or await self._look_up(claim)
        genuine = matches(claim, signer.key, payload)
        if signer.principal is None:
            raise unrecognized()
        if not genuine:
            raise mismatch()
        # Where rights changed since, it may have been deactivated while it was looked up.
        if known is None and self._changes.everything == now:
            self._remember(name, signer)
        return signer.principal

    async def _look_up(self, claim: Claim) -> _Signer:
        found = await self._keys.find(claim.key_id)
        principal, secret = found or (None, self._decoy)
        return _Signer(principal, signing_key(secret, claim.date, claim.region))

    def _remember(self, name: tuple[str, str, str], signer: _Signer) -> None:
        # Only after a signature was good, so that nobody without a secret can fill the memory.
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[name] = signer
