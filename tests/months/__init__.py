"""Months of an organisation's life against the whole program, under a clock that leaps: `python -m tests.months`."""
