"""Weir in Slack workspaces: the manifest, installs by OAuth with their sealed tokens, and leaving."""
