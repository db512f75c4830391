"""The kinds of answers that people give to nudges and requests."""

from __future__ import annotations

SNOOZE, ON_IT, HAND_OVER, WRONG, TAKE, LEAVE = "snooze", "on_it", "hand_over", "wrong", "take", "leave"
