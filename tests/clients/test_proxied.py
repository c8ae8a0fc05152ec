"""Behind nginx, under a path of its own and another name (npm.md §14.21; lessons #22)."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.clients.clients import Desk, package
from tests.clients.registry import Registry
from tests.running import Running, free_port

pytestmark = pytest.mark.client

# $request_uri, not $uri: a decoded %2f would be another address (npm/npm#11738).
NGINX = """
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    client_max_body_size 0;
    map $request_uri $below {{
        ~^/packages(?<path>/.*)$ $path;
    }}
    server {{
        listen 127.0.0.1:{port};
        location /packages/ {{
            proxy_pass {mirror}$below;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-Proto http;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Prefix /packages;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_request_buffering off;
        }}
    }}
}}
"""


@pytest.fixture
async def proxied(registry: Registry, tmp_path: Path) -> AsyncIterator[tuple[Running, str]]:
    """A mirror, and its address through nginx without a final slash."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    config = {**registry.connection(), "server": {"trusted_proxies": ["127.0.0.0/8"]}}
    async with Running(tmp_path / "mirror", config) as mirror:
        root, port = tmp_path / "nginx", free_port()
        root.mkdir()
        (root / "nginx.conf").write_text(NGINX.format(root=root, port=port, mirror=mirror.url))
        process = await asyncio.create_subprocess_exec(
            nginx, "-c", str(root / "nginx.conf"), "-e", str(root / "error.log"),
            stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await _listens(port)
            yield mirror, f"http://127.0.0.1:{port}/packages"
        finally:
            process.terminate()
            await process.wait()
        assert mirror.troubles == []


@pytest.mark.parametrize("client", ["npm-11", "pnpm-10", "yarn-1", "yarn-4"])
async def test_install_and_publish_through_a_proxy(
    client: str, proxied: tuple[Running, str], tmp_path: Path
) -> None:
    mirror, address = proxied
    registry = f"{address}/npm/main/"
    desk = Desk(client, tmp_path / "desk", registry, await mirror.token())
    await desk.add("left", "@tools/deep@1.0.1")
    assert desk.addresses() <= {registry}
    await desk.publish(package(tmp_path / "made", "@team/made", "1.0.0"))
    await desk.add("@team/made")
    assert desk.installed("@team/made")["version"] == "1.0.0"
    desk.freshen()
    await desk.frozen()
    assert desk.installed("@tools/deep")["version"] == "1.0.1"


async def test_every_spelling_of_a_scoped_name(proxied: tuple[Running, str]) -> None:
    """lessons #18, through the proxy and directly; all spell one package."""
    mirror, address = proxied
    expected = "/npm/main/@tools/deep/-/deep-1.0.0.tgz"
    async with aiohttp.ClientSession(requote_redirect_url=False) as session:
        for base in (address, mirror.url):
            for name in ("@tools/deep", "@tools%2fdeep", "@tools%2Fdeep", "%40tools%2Fdeep"):
                url = f"{base}/npm/main/{name}"
                async with session.get(_exactly(url)) as answer:
                    assert answer.status == 200, url
                    document = await answer.json(content_type=None)
                    tarball = document["versions"]["1.0.0"]["dist"]["tarball"]
                    assert tarball == f"{base}{expected}"
                async with session.get(_exactly(f"{url}/-/deep-1.0.0.tgz")) as answer:
                    assert answer.status == 200, url
                    assert (await answer.read())[:2] == b"\x1f\x8b"
                    assert "Content-Encoding" not in answer.headers


def _exactly(url: str) -> URL:
    return URL(url, encoded=True)


async def _listens(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return
