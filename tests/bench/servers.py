"""The servers under load: each a process of its own, whose processor time can be read."""

import gzip
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.bench.material import Workload

NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 100000000;
    open_file_cache max=100 inactive=600s;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        root {files};
        gzip_static on;
        gzip_vary on;
    }}
}}
"""
ROOT = Path(__file__).parent.parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    """A process that listens on `port`; `name` is its column."""

    def __init__(self, name: str, command: list[str], port: int, folder: Path) -> None:
        self.name, self.port = name, port
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # libraries are the interpreter's own
        with (folder / f"{name}.output").open("wb") as output:  # written to, as in earnest
            self._process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(f"{name} did not start: {' '.join(command)}") from None
                time.sleep(0.05)
            else:
                return

    def path(self, workload: Workload) -> str:
        return f"/{workload.file}"

    def url(self, workload: Workload) -> str:
        return f"http://127.0.0.1:{self.port}{self.path(workload)}"

    def headers(self, workload: Workload) -> dict[str, str]:
        """What a client sends, with the server's own ETag where it holds a copy."""
        headers = {"Accept": workload.accept}
        if workload.gzip:
            headers["Accept-Encoding"] = "gzip"
        if workload.held:
            headers["If-None-Match"] = self.get(workload._replace(held=False))[1]
        return headers

    def get(self, workload: Workload) -> tuple[bytes, str]:
        """The body as it is sent, and its ETag."""
        asked = urllib.request.Request(self.url(workload), headers=self.headers(workload))
        with urllib.request.urlopen(asked, timeout=120) as response:
            if workload.gzip and response.headers["Content-Encoding"] != "gzip":
                raise RuntimeError(f"{self.name} does not compress {asked.full_url}")
            return response.read(), response.headers["ETag"] or ""

    def seconds(self) -> float:
        """Processor time of the process and its children so far."""
        total, family = 0.0, {self._process.pid}
        for path in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
            try:
                fields = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(path.name) in family or int(fields[1]) in family:
                family.add(int(path.name))
                total += (int(fields[11]) + int(fields[12])) / TICKS
        return total

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def nginx(folder: Path, files: Path) -> Server:
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, files=files, port=port))
    command = ["nginx", "-c", str(configuration), "-e", f"{folder}/nginx.log"]
    return Server("nginx", command, port, folder)


def bare(python: str, folder: Path, files: Path) -> Server:
    port = free_port()
    return Server("bare", [python, "-m", "tests.bench.bare", str(port), str(files)], port, folder)


class Product(Server):
    """The whole mirror, warmed from an origin on loopback."""

    def __init__(self, python: str, folder: Path, origin: str) -> None:
        port = free_port()
        configuration = folder / "mirror.yaml"
        configuration.write_text(
            f"server: {{port: {port}}}\ndata_dir: {folder}/data\n"
            f"connections: {{'public:npmjs': {{url: '{origin}'}}}}\n"
        )
        command = [python, "-m", "mirror", "serve", "--config", str(configuration)]
        super().__init__("mirror", command, port, folder)

    def path(self, workload: Workload) -> str:
        return workload.path

    def copy(self, workload: Workload, files: Path) -> None:
        """Give the others the bytes that this one sends: its documents carry its own addresses."""
        body, _ = self.get(workload)
        if workload.gzip:
            (files / f"{workload.file}.gz").write_bytes(body)
            body = gzip.decompress(body)
        (files / workload.file).write_bytes(body)
