"""The running program: doors, socket and clockwork, for every workspace that is served."""
