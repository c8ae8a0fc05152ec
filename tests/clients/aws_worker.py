"""Runs `aws` commands of one JSON line each in one process, for starting one takes a second.

This is run by the interpreter that has awscli, not by the tests' own, and imports nothing of ours.
"""

import functools
import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

from awscli.clidriver import create_clidriver

OWN = {"AWS_DATA_PATH": os.environ["AWS_DATA_PATH"]}  # awscli's import says where its models are


@functools.cache
def driver(environment):
    """The CLI as started in that environment; a session reads it once."""
    return create_clidriver()


def run(arguments, folder, environment):
    """The exit status of `aws`, and what it printed."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment | OWN)
    command = driver(tuple(sorted(environment.items())))
    out, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in "12")
    with redirect_stdout(out), redirect_stderr(errors):
        try:
            status = command.main(arguments)
        except SystemExit as end:
            status = end.code
    return status, *(each.buffer.getvalue().decode() for each in (out, errors))


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)
