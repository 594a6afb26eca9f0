"""WeChat by the puppet-service protocol of wechaty: gRPC to a gateway that somebody runs; which one, is the operator's choice.

Pure: `protobuf`, `wire` (shapes, ids, times), `mentions`, `appmsg` (XML inside messages), `decode`, `encode`, `filebox`,
`answers`, `standing`, `state`. `own` waits for echoes. Shell: `puppet` (the only module that imports wechaty, and only when an account connects)
with its `channel`, `prefetch` (order and bounds), `names` (a cache), `session` (one account, for ever), `reading` (what an
event means), `rooms`, `sending`, `transport` (all accounts). Importing this package imports nothing of wechaty.
"""

from bot.transports.wechat.settings import WeChatSettings
from bot.transports.wechat.transport import WeChat

__all__ = ["WeChat", "WeChatSettings"]
