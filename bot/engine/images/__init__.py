"""QR codes in pictures: the download, the worker process that decodes, and the queue between them.

A play does no I/O. One that wants to know says so (`Play.reads_images`); the engine then reads the pictures of its
groups and puts an `ImageRead` into the inbox, which is logged and stepped like anything that a network reports.
"""

from bot.engine.images.download import Downloads
from bot.engine.images.reading import ImageReading

__all__ = ["Downloads", "ImageReading"]
