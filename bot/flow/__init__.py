"""The core: pure functions over events, waits and time. Standard library (and `holidays`) only."""
