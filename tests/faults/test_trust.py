"""Who is believed, who is told what: proxies in front, credentials behind, tokens in between."""

import asyncio
import socket
import time

from tests.faults.packages import noise, packument, path, publication, stock, upstream_path
from tests.faults.server import Mirror
from tests.origin import Origin, Redirect


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "registry.example",
    "X-Forwarded-Prefix": "/mirror",
    "Accept": "application/json",
}


async def test_forwarded_headers_of_strangers_are_ignored(mirror: Mirror, origin: Origin) -> None:
    """lessons #22: else anyone could have addresses of his own kept in our documents."""
    stock(origin, "forwarded", noise(100))
    for headers in (FORWARDED, {"X-Forwarded-For": "127.0.0.1", **FORWARDED}):
        document = (await mirror.ask("/npm/main/forwarded", headers=headers)).json
        address = document["versions"]["1.0.0"]["dist"]["tarball"]
        assert address == str(mirror.url(path("forwarded")))


async def test_forwarded_headers_of_trusted_proxies_count(lone_origin: Origin, tmp_path) -> None:
    """lessons #22: in every generated address; a different host gets a different document."""
    stock(lone_origin, "forwarded", noise(100))
    config = {
        "connections": {"public:npmjs": {"url": str(lone_origin.url)}},
        "server": {"trusted_proxies": ["127.0.0.0/8"]},
    }
    async with Mirror(tmp_path, config) as mirror:
        tags = set()
        for host in ("registry.example", "other.example:8443"):
            headers = {**FORWARDED, "X-Forwarded-Host": host}
            reply = await mirror.ask("/npm/main/forwarded", headers=headers)
            address = reply.json["versions"]["1.0.0"]["dist"]["tarball"]
            assert address == f"https://{host}/mirror{path('forwarded')}"
            tags.add(reply.headers["ETag"])
        assert len(tags) == 2
        hostile = {**FORWARDED, "X-Forwarded-Host": 'x"><script>'}
        assert (await mirror.ask("/npm/main/forwarded", headers=hostile)).status == 400


async def test_hostile_hosts_are_refused(mirror: Mirror, origin: Origin) -> None:
    """lessons #22: the Host header ends up in documents."""
    stock(origin, "hosted", noise(100))
    for host in ('x"y', "a b", "evil/path", "user@host", "x\\y"):
        reply = await mirror.get("/npm/main/hosted", Host=host)
        assert reply.status == 400, (host, reply)


async def test_credentials_go_to_their_own_origin_only(lone_origin: Origin, tmp_path) -> None:
    """lessons #24, #30: not to a file host that is allowed, not through a redirect; with our name."""
    secret = "Bearer s3cret"
    async with Origin() as files:
        document = packument(str(files.url), "elsewhere", {"1.0.0": noise(100)})
        lone_origin.serve_json("/elsewhere", document)
        files.serve(upstream_path("elsewhere"), noise(100))
        stock(lone_origin, "moved", noise(200))
        lone_origin.always(upstream_path("moved"), Redirect(f"{files.url}moved.tgz"))
        files.serve("/moved.tgz", noise(200))
        config = {
            "connections": {
                "public:npmjs": {
                    "url": str(lone_origin.url),
                    "auth": {"bearer": "s3cret"},
                    "hosts": [f"127.0.0.1:{files.url.port}"],
                }
            },
            "upstream": {"user_agent_contact": "ops@builds.example"},
        }
        async with Mirror(tmp_path, config) as mirror:
            ours = {**await mirror.authorized(), "Cookie": "a=b", "X-NuGet-ApiKey": ""}
            for name, size in (("elsewhere", 100), ("moved", 200)):
                reply = await mirror.ask(path(name), headers=ours)
                assert (reply.status, reply.body) == (200, noise(size))
        assert {each.headers.get("Authorization") for each in lone_origin.requests} == {secret}
        assert {each.headers.get("Authorization") for each in files.requests} == {None}
        for seen in (*lone_origin.requests, *files.requests):
            assert "Cookie" not in seen.headers
            assert seen.headers["User-Agent"].startswith("mirror/")
            assert "ops@builds.example" in seen.headers["User-Agent"]
        assert "s3cret" not in mirror.said()


async def test_per_host_concurrency_is_capped(lone_origin: Origin, tmp_path) -> None:
    """lessons #30: a cold install of many packages is no attack on the registry."""
    config = {
        "connections": {"public:npmjs": {"url": str(lone_origin.url)}},
        "upstream": {"per_host": 3},
    }
    for number in range(12):
        stock(lone_origin, f"many-{number}", noise(100, f"many-{number}"))
        lone_origin.resources[f"/many-{number}"].delay = 0.1
    async with Mirror(tmp_path, config) as mirror:
        began = time.perf_counter()
        replies = await asyncio.gather(
            *(mirror.get(f"/npm/main/many-{number}") for number in range(12))
        )
        assert {reply.status for reply in replies} == {200}
        assert time.perf_counter() - began > 0.39  # four rounds of three


async def test_a_revoked_token_is_refused_within_a_second(mirror: Mirror) -> None:
    """Revoked by the command line, beside the running server."""
    status, said = await mirror.cli("token", "create", "admin", "--name", "short-lived")
    assert status == 0, said
    headers = {"Authorization": f"Bearer {said.split()[-1]}"}
    assert (await mirror.ask("/npm/main/-/whoami", headers=headers)).status == 200
    [[number]] = mirror.sql("SELECT id FROM token WHERE name = 'short-lived'")
    assert (await mirror.cli("token", "revoke", str(number)))[0] == 0
    await asyncio.sleep(1)
    for place in ("/npm/main/-/whoami", "/npm/main/anything"):
        reply = await mirror.ask(place, headers=headers)
        assert reply.status == 401, reply
        assert reply.headers["WWW-Authenticate"]
    body = publication("revoked")
    assert (await mirror.ask("/npm/main/revoked", "PUT", data=body, headers=headers)).status == 401


async def test_anonymous_callers_may_be_kept_out(lone_origin: Origin, tmp_path) -> None:
    """401 with WWW-Authenticate on every read and write, warm ones included; health is open."""
    stock(lone_origin, "closed", noise(100))
    config = {
        "connections": {"public:npmjs": {"url": str(lone_origin.url)}},
        "auth": {"anonymous": "none"},
    }
    async with Mirror(tmp_path, config) as mirror:
        headers = await mirror.authorized()
        for _ in range(2):
            for place in ("/npm/main/closed", path("closed"), "/npm/main/closed/1.0.0"):
                reply = await mirror.get(place)
                assert reply.status == 401, reply
                assert "Bearer" in reply.headers["WWW-Authenticate"]
                assert (await mirror.ask(place, "HEAD")).status == 401
                known = await mirror.ask(place, headers=headers)
                assert known.status == 200
                assert "private" in known.headers["Cache-Control"]
        for place in ("/npm/main/-/v1/search?text=x", "/npm/main/-/whoami"):
            assert (await mirror.get(place)).status == 401, place
        refused = await mirror.ask("/npm/main/x", "PUT", data=publication("x"))
        assert refused.status == 401
        assert (await mirror.get("/-/health")).status == 200


async def test_a_public_address_stands_in_every_document(lone_origin: Origin, tmp_path) -> None:
    """lessons #22: whatever Host and proxies say."""
    stock(lone_origin, "public", noise(100))
    config = {
        "connections": {"public:npmjs": {"url": str(lone_origin.url)}},
        "server": {
            "public_url": "https://npm.example/base",
            "trusted_proxies": ["127.0.0.1"],
            "port": unused_port(),
        },
    }
    async with Mirror(tmp_path, config) as mirror:
        for headers in ({}, FORWARDED, {"Host": "whatever.example"}):
            document = (await mirror.ask("/npm/main/public", headers=headers)).json
            address = document["versions"]["1.0.0"]["dist"]["tarball"]
            assert address == f"https://npm.example/base{path('public')}"
