"""Chat histories that other tools exported, read into one shape.

Each reader knows one tool's file, told from its content, never from its name. It streams: a file of gigabytes costs the
memory of one message. What it can't read comes out as `Unread` with place and code, never silently left out. Whose
message it is, whether it is known already and what it counts for is decided by the engine (`bot.engine.history`).
"""

from bot.transports.exports.detect import FORMATS, Format, detect, read
from bot.transports.exports.entry import CODES, Entry, Title, Unread
from bot.transports.exports.source import Source

__all__ = ["CODES", "FORMATS", "Entry", "Format", "Source", "Title", "Unread", "detect", "read"]
