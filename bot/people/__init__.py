"""Members of the workspace and accounts on the code host: who is who, who may see what, who is forgotten."""
