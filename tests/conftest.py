"""Settings every test shares: the short form runs always, the long one with WEIR_LONG=1."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SHORT_EXAMPLES = 100

settings.register_profile(
    "short",
    max_examples=SHORT_EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", settings.get_profile("short"), max_examples=20 * SHORT_EXAMPLES, derandomize=False)
settings.load_profile("long" if os.environ.get("WEIR_LONG") == "1" else "short")
