"""Every kind of block on one page, drawn as the local workspace draws it, to look at."""
