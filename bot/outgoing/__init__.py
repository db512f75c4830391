"""The second road, a nudge goes out: whom it reaches, what it says at that instant, and how it is shown."""
