"""Side by side with what people use instead, on this machine: `python -m tests.bench --help`."""
