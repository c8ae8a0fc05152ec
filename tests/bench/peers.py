"""What people run instead of us, each set up as its own documentation says."""

import json
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.asking import tell
from tests.bench.installing import node_package, node_with, python_with, run
from tests.bench.servers import Server, Setting

NGINX = """
worker_processes 1;
worker_rlimit_nofile 16384;
daemon off;
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log {folder}/access.log;
    sendfile on;  # without tcp_nopush: on loopback it stalls bodies just over 64 KB for 44 ms
    keepalive_requests 100000000;
    gzip on;
    gzip_proxied any;
    gzip_vary on;
    gzip_types application/json application/vnd.npm.install-v1+json
               application/vnd.pypi.simple.v1+json;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache levels=1:2 keys_zone=kept:16m max_size=20g inactive=7d
                     use_temp_path=off;
    proxy_cache kept;
    proxy_cache_valid 200 10m;
    proxy_cache_lock on;
    proxy_cache_revalidate on;
    proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_ssl_server_name on;
    proxy_ignore_headers Set-Cookie;
    proxy_hide_header Set-Cookie;
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        {locations}
    }}
}}
"""
ELSEWHERE = """\
location /simple/ {{
    proxy_pass {simple};
    proxy_set_header Accept-Encoding "";
    sub_filter_types application/vnd.pypi.simple.v1+json;
    sub_filter_once off;
    sub_filter {files} /packages/;
}}"""
"""Where an index has its files on another host, its pages are rewritten, and so not passed on as
they are."""

VERDACCIO = "6.10.4"
DEVPI = "6.20.3"
PROXPI, GUNICORN = "1.3.1", "27.0.1"
NODE = "22.23.3"


class Nginx(Server):
    """nginx as a cache in front of the registry: one worker, as we are one process."""

    name = "nginx"
    npm = "/npm/"
    simple = "/simple/"

    @classmethod
    def install(cls, setting: Setting) -> None:
        if shutil.which("nginx") is None:
            raise RuntimeError("the command nginx is not there")
        said = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr
        cls.release = f"{said.strip().rpartition('/')[2]} with one worker"

    def locations(self) -> str:
        """What is passed on, and where to."""
        _, _, npm, simple, files = self.setting
        found = [
            f"location /npm/ {{ proxy_pass {npm}; }}",
            f"location / {{ proxy_pass {npm}; }}",  # npm leaves out the path of its registry
            f"location /packages/ {{ proxy_pass {files}; }}",
        ]
        if urlsplit(simple).netloc == urlsplit(files).netloc:
            return "\n".join([*found, f"location /simple/ {{ proxy_pass {simple}; }}"])
        return "\n".join([*found, ELSEWHERE.format(simple=simple, files=files)])

    def prepare(self) -> None:
        self.folder.chmod(0o755)  # its worker is another user when we are root
        text = NGINX.format(folder=self.folder, port=self.port, locations=self.locations())
        (self.folder / "nginx.conf").write_text(text)

    def command(self) -> list[str]:
        return ["nginx", "-c", f"{self.folder}/nginx.conf", "-e", f"{self.folder}/error.log"]


class Verdaccio(Server):
    """Verdaccio with the configuration that it writes for itself, in front of our registry."""

    name = "Verdaccio"
    release = f"{VERDACCIO} on node {NODE}"
    npm = "/"

    @classmethod
    def install(cls, setting: Setting) -> None:
        cls._modules(setting)

    @staticmethod
    def _modules(setting: Setting) -> Path:
        manifest = {
            "private": True,
            "dependencies": {"verdaccio": VERDACCIO, node_package(): NODE},
            # A dependency asks for the tag `cjs`, which not every registry passes on.
            "overrides": {"node-fetch": "2.7.0"},
        }
        return node_with(setting.tools / "verdaccio", json.dumps(manifest))

    def prepare(self) -> None:
        everyone = {
            "access": "$all",
            "publish": "$authenticated",
            "unpublish": "$authenticated",
            "proxy": "npmjs",
        }
        given = {
            "storage": "./storage",
            "auth": {"htpasswd": {"file": "./htpasswd"}},
            "uplinks": {"npmjs": {"url": self.setting.npm}},
            "packages": {"@*/*": everyone, "**": everyone},
            "server": {"keepAliveTimeout": 60},
            "middlewares": {"audit": {"enabled": True}},
            "log": {"type": "stdout", "format": "pretty", "level": "http"},
        }
        (self.folder / "config.yaml").write_text(json.dumps(given))

    def command(self) -> list[str]:
        modules = self._modules(self.setting)
        node = modules / node_package() / "bin/node"
        entry = modules / "verdaccio/bin/verdaccio"
        listen = f"127.0.0.1:{self.port}"
        return [str(node), str(entry), "--config", "config.yaml", "--listen", listen]

    def token(self) -> str:
        account = {"name": "bench", "password": "made-for-a-measurement"}
        address = f"{self.url}/-/user/org.couchdb.user:bench"
        token: str = tell(address, account).checked().json["token"]
        return token


class Devpi(Server):
    """devpi-server with one mirror index."""

    name = "devpi"
    release = DEVPI
    simple = "/root/pypi/+simple/"

    @classmethod
    def install(cls, setting: Setting) -> None:
        cls._commands(setting)

    @staticmethod
    def _commands(setting: Setting) -> Path:
        requirement = f"devpi-server=={DEVPI}"
        return python_with(setting.python, setting.tools / "devpi", [requirement])

    def prepare(self) -> None:
        run([str(self._commands(self.setting) / "devpi-init"), "--serverdir", self._data])

    def command(self) -> list[str]:
        server = self._commands(self.setting) / "devpi-server"
        where = ["--host", "127.0.0.1", "--port", str(self.port)]
        return [str(server), "--serverdir", self._data, *where]

    def settle(self) -> None:
        account = {"user": "root", "password": ""}
        answer = tell(f"{self.url}/+login", account, method="POST").checked()
        proof = b64encode(f"root:{answer.json['result']['password']}".encode()).decode()
        change = [f"mirror_url={self.setting.simple}"]
        said = {"X-Devpi-Auth": proof}
        tell(f"{self.url}/root/pypi", change, said, method="PATCH").checked()

    @property
    def _data(self) -> str:
        return str(self.folder / "data")


class Proxpi(Server):
    """proxpi behind gunicorn, as its container runs it."""

    name = "proxpi"
    release = f"{PROXPI} on gunicorn {GUNICORN}"
    simple = "/index/"

    @classmethod
    def install(cls, setting: Setting) -> None:
        cls._commands(setting)

    @staticmethod
    def _commands(setting: Setting) -> Path:
        requirements = [f"proxpi=={PROXPI}", f"gunicorn=={GUNICORN}"]
        return python_with(setting.python, setting.tools / "proxpi", requirements)

    def prepare(self) -> None:
        (self.folder / "cache").mkdir()

    def command(self) -> list[str]:
        gunicorn = self._commands(self.setting) / "gunicorn"
        log = ["--access-logfile", "-", "--access-logformat", '%(h)s "%(r)s" %(s)s %(b)s %(M)dms']
        log += ["--logger-class", "proxpi.server._GunicornLogger"]
        where = ["--bind", f"127.0.0.1:{self.port}", "--threads", "2"]
        return [str(gunicorn), "--preload", *log, *where, "proxpi.server:app"]

    def environment(self) -> dict[str, str]:
        return {
            "PROXPI_INDEX_URL": self.setting.simple,
            "PROXPI_CACHE_DIR": str(self.folder / "cache"),
        }
