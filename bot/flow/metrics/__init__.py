"""The flow metrics of a value stream in a period: velocity, times, load, efficiency, mix, predictability, waits."""

from __future__ import annotations

from bot.flow.metrics.figures import DAYS_BEFORE, BotFigures, FlowFigures, Predictability, figures, usual
from bot.flow.metrics.items import Finished, Going
from bot.flow.metrics.load import Day, Load, load_of
from bot.flow.metrics.waited import Stay, Waited

__all__ = [
    "DAYS_BEFORE", "BotFigures", "Day", "Finished", "FlowFigures", "Going", "Load", "Predictability", "Stay", "Waited",
    "figures", "load_of", "usual",
]  # fmt: skip
