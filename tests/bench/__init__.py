"""Benchmarks. Each is a script that prints ratios measured in one run: `python -m tests.bench.bench_ledger`."""
