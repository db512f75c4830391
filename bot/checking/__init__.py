"""`weir doctor` and what it looks at."""
