"""Text as people type it: folding for comparison, and commands that forgive."""

from bot.core.text.command import CommandTable, parse_command
from bot.core.text.fold import clean, fold

__all__ = ["CommandTable", "clean", "fold", "parse_command"]
