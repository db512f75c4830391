"""The long forms of the slow tests: `python -m tests.long`."""
