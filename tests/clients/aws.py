"""The `aws` command line, version 1, with nobody's settings but the test's.

    aws = Aws(worker, mirror.url, key, home)
    await aws("create-domain --domain my_domain")        # what it printed, parsed
    await aws.refused("delete-domain --domain my_domain")  # the sentence that it failed with

Commands are split as a shell splits them, so that those of the User Guide can be pasted. They run
in one process, the `Worker`; `aws.alone` starts `aws` itself.
"""

import asyncio
import json
import os
import re
import shlex
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import boto3
import pytest
from botocore.config import Config

from tests.clients.clients import INSTALLED

ACCOUNT = "111122223333"
REGION = "us-west-2"
INSTALLATION = {"account": ACCOUNT, "region": REGION}
"""Account and region of the Guide's examples, so that its ARNs are ours."""

_ENVIRONMENT = INSTALLED / "python" / "aws" / "bin"
_SESSION = boto3.session.Session()


class Key(NamedTuple):
    """Who signs."""

    id: str
    secret: str


class Said(NamedTuple):
    """A command that ended: its exit status, and what it printed."""

    status: int
    out: str
    errors: str


class Worker:
    """The process that runs the commands, one after another."""

    def __enter__(self) -> Self:
        if not (_ENVIRONMENT / "aws").exists():
            pytest.skip("aws is not installed: run .ci/clients")
        self._busy = threading.Lock()
        self._process = subprocess.Popen(
            [_ENVIRONMENT / "python", Path(__file__).with_name("aws_worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Said:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
        with self._busy:
            print(json.dumps(asked), file=self._process.stdin, flush=True)
            return Said(*json.loads(self._process.stdout.readline()))


class Aws:
    """`aws codeartifact` as one user; `tools` are folders with further commands for `login`."""

    def __init__(
        self, worker: Worker, address: str, key: Key, home: Path, tools: Sequence[Path] = ()
    ) -> None:
        self._worker = worker
        self._address = address
        self.home = home
        self.environment = {
            "HOME": str(home),
            "PATH": os.pathsep.join([*map(str, tools), "/usr/bin", "/bin"]),
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": key.id,
            "AWS_SECRET_ACCESS_KEY": key.secret,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }
        home.mkdir(parents=True, exist_ok=True)

    async def __call__(self, command: str) -> Any:
        """What the command answered: parsed, where it is JSON.

        Without the nulls that the CLI writes into lists that it has pieced together.
        """
        said = await self.run(command)
        assert said.status == 0, f"aws {command}\n{said.errors}"
        try:
            answer = json.loads(said.out)
        except ValueError:
            return said.out
        return {name: value for name, value in answer.items() if value is not None}

    async def refused(self, command: str) -> str:
        """The sentence with which a command failed, its code before it."""
        said = await self.run(command)
        assert said.status != 0, f"aws {command}\n{said.out}"
        found = re.search(
            r"An error occurred \((\w+)\) when calling the \w+ operation: (.*)", said.errors
        )
        assert found is not None, said.errors
        return f"{found[1]}: {found[2]}"

    async def run(self, command: str) -> Said:
        return await asyncio.to_thread(
            self._worker.run, self._arguments(command), self.home, self.environment
        )

    async def alone(self, command: str) -> Said:
        """As `run`, in a process of its own, as people start it."""
        process = await asyncio.create_subprocess_exec(
            _ENVIRONMENT / "aws",
            *self._arguments(command),
            cwd=self.home,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        return Said(process.returncode or 0, out.decode(), errors.decode())

    def _arguments(self, command: str) -> list[str]:
        return ["codeartifact", *shlex.split(command), "--endpoint-url", self._address]


class Boto:
    """`await boto.list_domains(…)`: boto3 beside a running loop. `client` is the real one."""

    def __init__(self, address: str, key: Key, **config: Any) -> None:
        settings = {"retries": {"max_attempts": 1}, "max_pool_connections": 32, **config}
        self.client = _SESSION.client(
            "codeartifact",
            endpoint_url=address,
            region_name=REGION,
            aws_access_key_id=key.id,
            aws_secret_access_key=key.secret,
            config=Config(**settings),
        )

    def __getattr__(self, operation: str) -> Any:
        async def call(**members: Any) -> Any:
            answer = await asyncio.to_thread(getattr(self.client, operation), **members)
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
            return {name: answer[name] for name in answer if name != "ResponseMetadata"}

        return call

    async def refused(self, operation: str, code: str, **members: Any) -> Mapping[str, Any]:
        """The members of the typed exception that an operation must raise."""
        expected = getattr(self.client.exceptions, code)
        with pytest.raises(expected) as caught:
            await getattr(self, operation)(**members)
        answer: Mapping[str, Any] = caught.value.response
        assert answer["Error"]["Code"] == code
        assert answer["Error"]["Message"]
        return answer
