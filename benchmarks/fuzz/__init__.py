"""Fuzzing of what reads files: see `python -m benchmarks.fuzz --help`."""
