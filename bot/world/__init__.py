"""A world that moves, for whoever has no code host at hand: what comes by itself, what one does in it, and its clock.

The program it is told to is the real one: what happens here goes in where webhooks go in, and the jobs run as always.
"""
