"""The console's calendar: a week of everything that fires by schedule, what became of it, and what can be done to it.

`plan`, `judge`, `grid`, `past` and `moving` are pure; `desk` asks the engine and the storage and puts them together.
"""

from bot.usecases.calendar.desk import CalendarDesk

__all__ = ["CalendarDesk"]
