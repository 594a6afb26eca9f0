"""WeChat by the puppet-service protocol of wechaty: gRPC to a gateway that somebody runs; which one, is the operator's choice.

Pure: `protobuf`, `wire` (shapes, ids, times), `mentions`, `appmsg` (XML inside messages), `decode`, `encode`, `filebox`,
`answers`, `standing`, `own`. Shell: `puppet` (the only module that imports wechaty, and only when an account connects),
`prefetch` (order and bounds), `names` (a cache), `connection` (one life of a connection), `session` (one account, for
ever), `sending`, `files`, `transport` (all accounts). Importing this package imports nothing of wechaty.
"""

from bot.transports.wechat.settings import WeChatSettings
from bot.transports.wechat.transport import WeChat

__all__ = ["WeChat", "WeChatSettings"]
