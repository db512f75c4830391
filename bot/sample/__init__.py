"""A seeded generator of histories: three invented teams at work, for demos, tests and measurements.

`generate` and `policy_for` belong together: the same start and days name the same absences.
"""

from bot.sample.history import generate
from bot.sample.terms import policy_for

__all__ = ["generate", "policy_for"]
