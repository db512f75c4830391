"""Weir: keeps software work flowing, in Slack."""

__version__ = "0.1.0"
