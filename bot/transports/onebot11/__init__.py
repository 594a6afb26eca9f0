"""QQ by OneBot v11, spoken by NapCat, LuckyLilliaBot, Lagrange v1 and others.

Pure: `wire` (shapes), `cq`, `segments`, `decode` with `notices`, `encode`, `answers`, `dialect` (who differs how), `standing`
and `own` (state without I/O). Shell: `link` (one WebSocket), `intake` (order and back-pressure), `session` (one account), `sending`, `sync`
and `history` (after a connection), `server` and `client` (the two directions), `transport` (the whole).
"""

from bot.transports.onebot11.settings import ForwardEndpoint, OneBotSettings
from bot.transports.onebot11.transport import OneBot

__all__ = ["ForwardEndpoint", "OneBot", "OneBotSettings"]
