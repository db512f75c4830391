"""The first road, a fact comes in: what `bot.intake` folds, and from where."""
