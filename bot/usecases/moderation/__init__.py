"""Moderation: `desk` answers the console and the command line; cases, numbers, proposals and trials are made beside it."""

from bot.usecases.moderation.desk import ModerationDesk

__all__ = ["ModerationDesk"]
