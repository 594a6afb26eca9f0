"""The twelve first-level metrics: what stands on the first page of every report."""

from __future__ import annotations

from bot.core.metrics.base import Metric

OPERATIONS = ("社群运营", "community operator")
CONTENT = ("内容运营", "content operator")
SERVICE = ("客服", "support")
GROWTH = ("增长运营", "growth operator")

FIRST = (
    Metric(
        id="activity.dau_mau", zh="活跃度 DAU/MAU", en="stickiness DAU/MAU", level=1, unit="share", owner=OPERATIONS,
        formula=("这段时间日均活跃人数 ÷ 最近 30 天活跃人数", "mean daily active members ÷ members active in the last 30 days"),
        caveat=("活跃是发言或有打卡等记录,只看不说的人不算", "active means words or a counted deed; readers are not seen"),
        norm=0.2,
    ),
    Metric(
        id="retention.d7", zh="7 日留存", en="D7 retention", level=1, unit="share", owner=OPERATIONS,
        formula=("第一次活跃后第 7 天仍活跃的人 ÷ 第一次活跃的人", "members active on the 7th day after their first ÷ members with a first day"),
        caveat=("只算已经满 7 天的新人;没说话不等于没看", "only those whose 7th day is over; silence is not absence"),
    ),
    Metric(
        id="growth.net", zh="净增人数", en="net growth", level=1, unit="people", owner=GROWTH, is_signed=True,
        formula=("入群人数 − 退群人数", "joins − leaves"),
        caveat=("机器人离线时的进出,要等下次核对名单才补上", "what happened offline is found when the member list is next compared"),
    ),
    Metric(
        id="reach.penetration", zh="渗透率", en="penetration", level=1, unit="share", owner=OPERATIONS,
        formula=("这段时间活跃过的成员 ÷ 群成员", "members active in the span ÷ members of the group"),
        caveat=("分母是群里的人,不是目标市场", "the base is the group, not the market"),
    ),
    Metric(
        id="interaction.rate", zh="互动率", en="interaction rate", level=1, unit="share", owner=OPERATIONS,
        formula=("回复过或被回复过的人 ÷ 活跃过的人", "members who answered or were answered ÷ active members"),
        caveat=("只认引用回复和 @,接话不算", "quotes and mentions only; a remark that follows is not counted"),
    ),
    Metric(
        id="checkin.rate", zh="打卡率", en="check-in rate", level=1, unit="share", owner=OPERATIONS,
        formula=("每天打卡人数 ÷ 当天群成员,逐日平均", "members who checked in ÷ members that day, mean over days"),
        caveat=("分母是全体群成员,不只是报名的人", "the base is everybody in the group, not those who signed up"),
    ),
    Metric(
        id="quiz.participation", zh="答题参与率", en="quiz participation", level=1, unit="share", owner=CONTENT,
        formula=("答过题的人 ÷ 活跃过的人", "members who answered a question ÷ active members"),
        caveat=("有效作答才算", "valid answers only"),
    ),
    Metric(
        id="service.response_time", zh="提问响应时间", en="response time", level=1, unit="minutes", owner=SERVICE,
        formula=("提问到第一个别人的回答,取中位数", "from a question to the first answer of somebody else, median"),
        caveat=(
            "提问靠问号和问法识别;没有引用时,10 分钟内别人的第一句话算回答",
            "questions are told by their form; without a quote the first words of somebody else within 10 minutes count",
        ),
        is_proxy=True, is_lower_better=True, norm=30.0,
    ),
    Metric(
        id="nps.score", zh="净推荐值 NPS", en="NPS", level=1, unit="score", owner=OPERATIONS,
        formula=("9–10 分的比例 − 0–6 分的比例,再乘 100", "(share of 9 and 10 − share of 0 to 6) × 100"),
        caveat=("愿意打分的人不代表所有人;看应答率", "who answers is not everybody: see the response rate"),
        norm=40.0,
    ),
    Metric(
        id="content.cadence", zh="内容频次", en="content cadence", level=1, unit="per_week", owner=CONTENT,
        formula=("推送的内容篇数 ÷ 周数", "posts of campaigns ÷ weeks"),
        caveat=("只数剧本推送的内容", "posts of playbooks only"),
        norm=3.8,
    ),
    Metric(
        id="funnel.conversion", zh="新人转化率", en="newcomer conversion", level=1, unit="share", owner=GROWTH,
        formula=(
            "入群 → 发言 → 参加玩法 → 第二周仍活跃,走完的人 ÷ 入群的人",
            "joined → spoke → took part → active in the second week: those who came to the end ÷ those who joined",
        ),
        caveat=("只算入群满 14 天的人", "only those who joined 14 days ago or earlier"),
    ),
    Metric(
        id="tier.core_share", zh="核心成员占比", en="core share", level=1, unit="share", owner=OPERATIONS,
        formula=("金字塔里的核心成员 ÷ 群成员", "core members of the pyramid ÷ members"),
        caveat=("每天夜里算一次;规则见分层一章", "counted once a night; the rules are in the chapter on tiers"),
        norm=0.1,
    ),
)  # fmt: skip
