"""The API over HTTP: signature, operation, input, answer (API contract §1, §16)."""

import asyncio
import hashlib
import logging
import uuid
from typing import Any

import orjson
from aiohttp import web

from mirror.api.api import Api
from mirror.api.call import Call
from mirror.api.errors import OPERATION, Rejected, internal, refusal
from mirror.api.operation import LARGEST_BODY, Operation
from mirror.api.table import BY_ROUTE
from mirror.auth.access import Facts
from mirror.auth.signatures import SignedRequest
from mirror.auth.signers import Signers
from mirror.endpoints.bodies import whole
from mirror.endpoints.exchange import Exchange, entity_of
from mirror.endpoints.routing import Bases
from mirror.endpoints.sending import Sending
from mirror.errors import MirrorError
from mirror.formats.intents import Reply

PREFIX = "/v1/"

log = logging.getLogger(__name__)


class Door:
    """Answers requests below `/v1/`."""

    def __init__(self, api: Api, signers: Signers, bases: Bases) -> None:
        self._api = api
        self._signers = signers
        self._bases = bases

    async def __call__(self, exchange: Exchange) -> web.StreamResponse:
        """One answer; errors come in the envelope that SDKs know."""
        exchange.kind = "api"
        exchange.id = str(uuid.uuid4())  # as AWS's own; the log line and the answer have the same
        try:
            return await self._answer(exchange)
        except MirrorError as error:
            response = _send(exchange, refusal(error))
            if exchange.request.can_read_body:
                response.force_close()  # nobody wants to read the rest of that body
            return response
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("request %s failed", exchange.id)
            return _send(exchange, internal(exchange.id))

    async def _answer(self, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        path, _, query = request.raw_path.partition("?")
        operation = BY_ROUTE.get((request.method, path))
        facts = self._bases.facts(request.remote or "", request.headers)
        signed = SignedRequest(
            request.method,
            request.raw_path,
            list(request.headers.items()),
            secure=facts["aws:securetransport"] == ("true",),
        )
        streams = operation is not None and operation.streams
        body = b"" if streams else await whole(request, LARGEST_BODY)
        # A streamed body is hashed as it passes; its signature covers the hash that it declares.
        hashed = None if streams else hashlib.sha256(body).hexdigest()
        exchange.principal = await self._signers.identify(signed, hashed)
        if operation is None:
            raise Rejected(f"there is no operation {request.method} {path[:200]}", OPERATION)
        exchange.kind = operation.name
        given = operation.parse(query, request.headers, body)
        call = self._call(exchange, operation, given, facts)
        exchange.repository_name = call.input.get("repository", "")
        return self._reply(exchange, await self._api.call(call))

    def _call(
        self, exchange: Exchange, operation: Operation, given: dict[str, Any], facts: Facts
    ) -> Call:
        request, headers = exchange.request, exchange.request.headers
        remote = request.remote or ""
        if exchange.principal is None:
            raise RuntimeError("signers name somebody or raise")
        return Call(
            operation=operation,
            input=given,
            principal=exchange.principal,
            base=lambda path: self._bases.base(remote, headers, path),
            id=exchange.id,
            conditions=facts,
            request=request,
        )

    def _reply(self, exchange: Exchange, answer: Any) -> web.StreamResponse:
        if isinstance(answer, web.StreamResponse):
            return answer
        headers = {"Content-Type": "application/json"}
        return _send(exchange, Reply(200, orjson.dumps(answer), headers))


def _send(exchange: Exchange, reply: Reply) -> web.StreamResponse:
    headers = {**reply.headers, "x-amzn-RequestId": exchange.id}
    return Sending(entity_of(Reply(reply.status, reply.body, headers)), request_id=exchange.id)
