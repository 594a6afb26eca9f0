"""The thirty-eight second-level metrics: what explains the first page."""

from __future__ import annotations

from bot.core.metrics.base import Metric
from bot.core.metrics.first import CONTENT, GROWTH, OPERATIONS, SERVICE

_SPOKE = ("发言或有记录才算活跃", "active means words or a counted deed")

SECOND = (
    Metric(
        id="activity.dau", zh="日均活跃人数", en="daily active members", level=2, of="activity.dau_mau", unit="people", owner=OPERATIONS,
        formula=("每天活跃人数,逐日平均", "active members of each day, mean"), caveat=_SPOKE,
    ),
    Metric(
        id="activity.wau", zh="周活跃人数", en="weekly active members", level=2, of="activity.dau_mau", unit="people", owner=OPERATIONS,
        formula=("最近 7 天活跃过的人", "members active in the last 7 days"), caveat=_SPOKE,
    ),
    Metric(
        id="activity.mau", zh="月活跃人数", en="monthly active members", level=2, of="activity.dau_mau", unit="people", owner=OPERATIONS,
        formula=("最近 30 天活跃过的人", "members active in the last 30 days"), caveat=_SPOKE,
    ),
    Metric(
        id="activity.msgs_per_day", zh="日均消息", en="messages a day", level=2, of="activity.dau_mau", unit="per_day", owner=OPERATIONS,
        formula=("成员消息数 ÷ 天数", "messages of members ÷ days"), caveat=("包括刷屏", "floods included"),
    ),
    Metric(
        id="activity.decay", zh="开群后的热度保持", en="activity kept after the opening", level=2, of="activity.dau_mau", unit="ratio", owner=OPERATIONS,
        formula=("开群第 15–28 天日均活跃 ÷ 第 1–7 天日均活跃", "mean daily active of days 15 to 28 ÷ of days 1 to 7"),
        caveat=("超过 1 是越来越热闹;开群按机器人第一次听到发言算", "above 1: it grew; the opening is the first message that the bot heard"),
    ),
    Metric(
        id="retention.d1", zh="次日留存", en="D1 retention", level=2, of="retention.d7", unit="share", owner=OPERATIONS,
        formula=("第一次活跃后第 1 天仍活跃的人 ÷ 第一次活跃的人", "members active on the day after their first ÷ members with a first day"),
        caveat=("只算已经满 1 天的新人", "only those whose next day is over"),
    ),
    Metric(
        id="retention.d30", zh="30 日留存", en="D30 retention", level=2, of="retention.d7", unit="share", owner=OPERATIONS,
        formula=("第一次活跃后第 30 天仍活跃的人 ÷ 第一次活跃的人", "members active on the 30th day after their first ÷ members with a first day"),
        caveat=("只算已经满 30 天的新人", "only those whose 30th day is over"),
    ),
    Metric(
        id="retention.feature", zh="功能留存", en="feature retention", level=2, of="retention.d7", unit="share", owner=CONTENT,
        formula=("前一周参加过玩法、这一周又参加的人 ÷ 前一周参加过的人", "members who took part in a play last week and again this week ÷ those of last week"),
        caveat=("打卡、答题、接龙都算", "check-ins, quizzes and 接龙 together; `qunops funnel --by play` parts them"),
    ),
    Metric(
        id="checkin.retention_d21", zh="打卡 21 天留存", en="check-in D21", level=2, of="checkin.rate", unit="share", owner=OPERATIONS,
        formula=("首次打卡后第 19–21 天还打卡的人 ÷ 首次打卡的人", "members who check in on days 19 to 21 after their first ÷ those with a first check-in"),
        caveat=("只算首次打卡满 21 天的人", "only those whose 21st day is over"),
    ),
    Metric(
        id="growth.joins", zh="入群人数", en="joins", level=2, of="growth.net", unit="people", owner=GROWTH,
        formula=("入群事件数", "join events"), caveat=("退了再进算两次", "who comes back counts twice"),
    ),
    Metric(
        id="growth.leaves", zh="退群人数", en="leaves", level=2, of="growth.net", unit="people", owner=GROWTH, is_lower_better=True,
        formula=("退群事件数,包括被移出", "leave events, removals included"), caveat=("微信看不到别人退群,要等核对名单", "WeChat shows no leaves; the member list tells later"),
    ),
    Metric(
        id="growth.leave_rate", zh="流失率", en="leave rate", level=2, of="growth.net", unit="share", owner=GROWTH, is_lower_better=True,
        formula=("退群人数 ÷(期初成员 + 入群人数)", "leaves ÷ (members at the beginning + joins)"), caveat=("时间越长越高,只和同样长的时间比", "grows with the span: compare equal spans"),
    ),
    Metric(
        id="growth.invited_share", zh="老带新占比", en="invited share", level=2, of="growth.net", unit="share", owner=GROWTH, is_proxy=True,
        formula=("有邀请人的入群 ÷ 入群", "joins that name an inviter ÷ joins"), caveat=("邀请人由平台给出,扫码进群往往没有", "the network names the inviter, often not for QR codes"),
    ),
    Metric(
        id="reach.silent_share", zh="沉默占比", en="went silent", level=2, of="reach.penetration", unit="share", owner=OPERATIONS, is_lower_better=True,
        formula=("说过话但最近 14 天没说的人 ÷ 群成员", "members who spoke once but not in the last 14 days ÷ members"), caveat=("可能仍在看", "they may still read"),
    ),
    Metric(
        id="reach.never_share", zh="从未发言占比", en="never spoke", level=2, of="reach.penetration", unit="share", owner=OPERATIONS, is_lower_better=True,
        formula=("从没说过话的人 ÷ 群成员", "members who never spoke ÷ members"),
        caveat=("机器人进群前说过的不知道;看没看平台不告诉", "what was said before the bot came is unknown; reading can't be seen"), is_proxy=True,
    ),
    Metric(
        id="interaction.frequency", zh="互动频率", en="frequency", level=2, of="interaction.rate", unit="per_person", owner=OPERATIONS,
        formula=("消息数 ÷ 人天", "messages ÷ days on which somebody was active, summed over members"), caveat=("话多不等于质量高", "much is not good"),
    ),
    Metric(
        id="interaction.quality", zh="互动质量", en="quality", level=2, of="interaction.rate", unit="share", owner=OPERATIONS,
        formula=("引用回复 ÷ 消息数", "quoting replies ÷ messages"), caveat=("不习惯引用的群会偏低", "low where people don't quote"),
    ),
    Metric(
        id="interaction.answered_share", zh="被回应的人", en="members answered", level=2, of="interaction.rate", unit="share", owner=OPERATIONS,
        formula=("被回复或 @ 过的人 ÷ 活跃过的人", "members who were answered or mentioned ÷ active members"), caveat=("只认引用和 @", "quotes and mentions only"),
    ),
    Metric(
        id="interaction.length", zh="平均字数", en="characters a message", level=2, of="interaction.rate", unit="chars", owner=OPERATIONS,
        formula=("字数 ÷ 消息数", "characters ÷ messages"), caveat=("图片算 0 字", "pictures have none"),
    ),
    Metric(
        id="interaction.helped", zh="互助次数", en="help", level=2, of="interaction.rate", unit="per_day", owner=OPERATIONS,
        formula=("互助次数 ÷ 天数", "help given ÷ days"), caveat=("回复 7 天内的新人算一次", "an answer to a newcomer of 7 days counts"),
    ),
    Metric(
        id="checkin.members", zh="打卡人数", en="members who check in", level=2, of="checkin.rate", unit="people", owner=OPERATIONS,
        formula=("这段时间打过卡的人", "members who checked in"), caveat=("撤销的不算", "undone ones are out"),
    ),
    Metric(
        id="checkin.days", zh="人均打卡天数", en="check-in days a member", level=2, of="checkin.rate", unit="per_person", owner=OPERATIONS,
        formula=("打卡人天 ÷ 打过卡的人", "check-ins ÷ members who checked in"), caveat=("补卡不算", "made-up days are out"),
    ),
    Metric(
        id="quiz.accuracy", zh="答题正确率", en="quiz accuracy", level=2, of="quiz.participation", unit="share", owner=CONTENT,
        formula=("答对次数 ÷ 作答次数", "right answers ÷ answers"), caveat=("太高说明题太容易", "very high means too easy"),
    ),
    Metric(
        id="service.answer_rate", zh="提问应答率", en="answer rate", level=2, of="service.response_time", unit="share", owner=SERVICE, is_proxy=True,
        formula=("6 小时内有人回答的提问 ÷ 提问", "questions answered within 6 hours ÷ questions"), caveat=("提问靠问法识别", "questions are told by their form"),
    ),
    Metric(
        id="service.within_30m", zh="30 分钟应答率", en="answered within 30 min", level=2, of="service.response_time", unit="share", owner=SERVICE, is_proxy=True,
        formula=("30 分钟内有人回答的提问 ÷ 提问", "questions answered within 30 minutes ÷ questions"), caveat=("夜里的提问也算在内", "questions at night are included"),
    ),
    Metric(
        id="nps.response_rate", zh="NPS 应答率", en="NPS response rate", level=2, of="nps.score", unit="share", owner=OPERATIONS,
        formula=("打过分的人 ÷ 群成员", "members who gave a score ÷ members"), caveat=("低于 20% 时 NPS 只能参考", "below 20 % NPS is a hint only"),
    ),
    Metric(
        id="content.pgc_share", zh="PGC 占比", en="PGC share", level=2, of="content.cadence", unit="share", owner=CONTENT, norm=0.60,
        formula=("标为 pgc 或 pugc 的内容 ÷ 标了来源的内容", "posts tagged pgc or pugc ÷ tagged posts"), caveat=("来源由运营标注", "operators tag the source"),
    ),
    Metric(
        id="content.ugc_share", zh="UGC 占比", en="UGC share", level=2, of="content.cadence", unit="share", owner=CONTENT, norm=0.35,
        formula=("标为 ugc 的内容 ÷ 标了来源的内容", "posts tagged ugc ÷ tagged posts"), caveat=("来源由运营标注", "operators tag the source"),
    ),
    Metric(
        id="content.ogc_share", zh="OGC 占比", en="OGC share", level=2, of="content.cadence", unit="share", owner=CONTENT, norm=0.05,
        formula=("标为 ogc 的内容 ÷ 标了来源的内容", "posts tagged ogc ÷ tagged posts"), caveat=("来源由运营标注", "operators tag the source"),
    ),
    Metric(
        id="campaign.replies_per_post", zh="每篇内容的回应", en="replies a post", level=2, of="content.cadence", unit="per_person", owner=CONTENT, is_proxy=True,
        formula=("推送后一小时内发言的人 ÷ 篇数,每篇每人算一次", "members who speak within an hour after a post, once each ÷ posts"), caveat=("那一小时的闲聊也算在内", "small talk of that hour is included"),
    ),
    Metric(
        id="campaign.reach", zh="打开率(代理)", en="open rate (proxy)", level=2, of="content.cadence", unit="share", owner=CONTENT, is_proxy=True,
        formula=("推送后一小时内发言的人 ÷ 群成员,逐篇平均", "members who speak within an hour after a post ÷ members, mean over posts"),
        caveat=("群里看不到谁打开了;真实打开率更高", "nobody sees who opens a post; the true rate is higher"),
    ),
    Metric(
        id="welcome.introduced_d7", zh="7 天内自我介绍", en="introduced within 7 days", level=2, of="funnel.conversion", unit="share", owner=GROWTH,
        formula=("入群 7 天内写了自我介绍的人 ÷ 入群的人", "joiners who introduce themselves within 7 days ÷ joiners"), caveat=("只算入群满 7 天的人", "only those who joined 7 days ago or earlier"),
    ),
    Metric(
        id="chain.entries", zh="接龙条数", en="接龙 entries", level=2, of="funnel.conversion", unit="count", owner=OPERATIONS,
        formula=("接龙新增条目", "new lines of 接龙"), caveat=("改动不重复算", "changes are not counted again"),
    ),
    Metric(
        id="chain.entries_per_week", zh="每周接龙条数", en="接龙 entries a week", level=2, of="funnel.conversion", unit="per_week", owner=OPERATIONS,
        formula=("接龙新增条目 ÷ 周数", "new lines of 接龙 ÷ weeks"), caveat=("改动不重复算", "changes are not counted again"),
    ),
    Metric(
        id="rules.false_alarm_rate", zh="群规误伤率", en="false alarms", level=2, of="interaction.rate", unit="share", owner=OPERATIONS, is_lower_better=True,
        formula=("被撤销的处置 ÷ 处置", "verdicts undone ÷ verdicts"), caveat=("没人申诉的误伤看不到", "false alarms that nobody appeals are not seen"),
    ),
    Metric(
        id="tier.active_share", zh="激活成员占比", en="activated share", level=2, of="tier.core_share", unit="share", owner=OPERATIONS, norm=0.15,
        formula=("金字塔里的激活成员 ÷ 群成员", "activated members of the pyramid ÷ members"), caveat=("每天夜里算一次", "counted once a night"),
    ),
    Metric(
        id="tier.koc_share", zh="KOC 占比", en="KOC share", level=2, of="tier.core_share", unit="share", owner=OPERATIONS, norm=0.30,
        formula=("KOC 和 KOL ÷ 核心成员", "KOC and KOL ÷ core members"), caveat=("来自回复和 @ 的关系图", "from the graph of replies and mentions"),
    ),
    Metric(
        id="wake.uplift", zh="唤醒提升", en="wake-up uplift", level=2, of="reach.penetration", unit="share", owner=OPERATIONS, is_signed=True,
        formula=(
            "被唤醒的人 7 天内发言的比例 − 留作对照的人 7 天内发言的比例",
            "share of those addressed who speak within 7 days − share of those held out",
        ),
        caveat=("内容推送要写 holdout 才有对照", "needs `holdout` in the campaign"),
    ),
)  # fmt: skip
