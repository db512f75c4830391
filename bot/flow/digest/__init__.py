"""A digest of how work flows: when it comes, and what it says."""
