"""Side by side with nginx, on this machine, in one run: `python -m tests.bench --help`."""
