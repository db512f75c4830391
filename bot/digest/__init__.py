"""Digests: what they are about, their figures as they are read, and those that come regularly."""
