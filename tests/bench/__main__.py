"""The command: sets up the peers, runs what is asked for, prints Markdown."""

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.bench import crowd, growth, life, live, trouble, warm
from tests.bench.copies import COPIES
from tests.bench.peers import Devpi, Nginx, Proxpi, Verdaccio
from tests.bench.plot import plot
from tests.bench.product import Mirror, interpreter
from tests.bench.report import machine
from tests.bench.servers import Server, Setting
from tests.bench.suite import Suite
from tests.bench.upstream import Upstream

PEERS = (Nginx, Mirror, Verdaccio, Devpi, Proxpi)
HELP = """\
what is measured (--only "page, 5,000 files", --only crowd):
  warm:     files, documents and 304s that are in every cache; with wrk
  crowd:    100 clients at once for one cold file of 50 MB
  trouble:  an upstream that lies or breaks off; kill -9 in the middle of a download
  life:     memory; start to first served byte; publish to visible
  growth:   an index of 10, 10,000 and 300,000 packages; chains of 1, 5 and 25 repositories
  live:     npm ci and uv pip install against the real registries (only with --live)

For a look: --rounds 1 --seconds 0.2 --only warm. For figures to publish: an idle machine, an
interpreter that was built with profile-guided optimisation (--python /usr/bin/python3), and
--rounds 5 --seconds 5.
"""


def main() -> None:
    options = _options()
    # Killed by `timeout`, it still stops its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    kept = options.folder.absolute()
    kept.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=kept, prefix="run-")))
        folder.chmod(0o755)  # nginx's worker is another user
        upstream = stack.enter_context(Upstream())
        behind = (f"{upstream.url}{path}/" for path in ("npm", "simple", "packages"))
        setting = Setting(kept, options.python, *behind)
        suite = Suite(
            setting=setting,
            upstream=upstream,
            folder=folder,
            peers=_installed(setting, options.peers),
            rounds=options.rounds,
            seconds=options.seconds,
            only=options.only,
        )
        result = warm.run(suite, options.copies)
        for table in warm.tables(result):
            print(table, flush=True)
        if result.figures:
            options.plot.write_text(plot(result))
            suite.say(f"the plot is in {options.plot}")
        for family in (crowd, trouble, life, growth, *((live,) if options.live else ())):
            for table in family.run(suite):
                print(table, flush=True)
        print(f"Medians of {options.rounds} rounds, {options.seconds:g} s each with wrk.")
        released = [f"{each.name} {each.release}" for each in suite.peers if each.release]
        print(machine(interpreter(setting.python, setting.tools), released))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    folder = Path(tempfile.gettempdir()) / "mirror-bench"
    add = parser.add_argument
    add("--rounds", type=int, default=3)
    add("--seconds", type=float, default=5, help="of wrk, per workload, server and round")
    add("--only", action="append", default=[], help="what has this in its title; may be repeated")
    add(
        "--peers", type=_words, default=[], help="beside nginx and mirror, these only: devpi,proxpi"
    )
    add("--copies", type=_words, default=[], help=f"add to `warm`: {', '.join(COPIES)}")
    add("--live", action="store_true", help="use the network: the real registries")
    add("--python", default=sys.executable, help="interpreter of the mirror and of Python peers")
    add("--folder", type=Path, default=folder, help=f"where peers are installed [{folder}]")
    add("--plot", type=Path, help="file for the plot of `warm` [bench.svg in that folder]")
    options = parser.parse_args()
    options.plot = options.plot or options.folder / "bench.svg"
    options.python = shutil.which(options.python) or options.python
    if shutil.which("wrk") is None:
        parser.error("wrk is not installed")
    if unknown := set(options.copies) - set(COPIES):
        parser.error(f"there is no copy called {', '.join(unknown)}")
    return options


def _words(text: str) -> list[str]:
    return [word.strip().lower() for word in text.split(",") if word.strip()]


def _installed(setting: Setting, only: list[str]) -> list[type[Server]]:
    """Those of the peers that can be started here; the others are named."""
    found: list[type[Server]] = []
    for kind in PEERS:
        if only and kind.name.lower() not in only and kind not in (Nginx, Mirror):
            continue
        print(f"setting up {kind.name}", file=sys.stderr, flush=True)
        try:
            kind.install(setting)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others can be measured
            print(f"**{kind.name} is left out:** {error}\n", flush=True)
        else:
            found.append(kind)
    return found


if __name__ == "__main__":
    main()
