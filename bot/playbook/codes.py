"""Every diagnostic that `check` can give: its stable code, how serious it is, and what the handbook says about it.

`docs/handbook/diagnostics.md` is generated from here. A code is never reused for something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.playbook.wording import Wording

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Code:
    """`title` names the mistake, `about` says why it is one and how to mend it."""

    code: str
    severity: Severity
    title: Wording
    about: Wording


def _code(code: str, severity: Severity, title_zh: str, title_en: str, zh: str, en: str) -> tuple[str, Code]:
    return code, Code(code, severity, Wording(title_zh, title_en), Wording(zh, en))


CODES: Mapping[str, Code] = dict(
    (
        # 1xx: reading the file
        _code(
            "PB101",
            "error",
            "文件太大",
            "File too large",
            "一个剧本文件最多 1 MiB。题库、词库和长文请放在单独的文件里,再用路径引用。",
            "A playbook may hold 1 MiB. Keep banks, lexica and long texts in files of their own and refer to them.",
        ),
        _code(
            "PB102",
            "error",
            "嵌套太深",
            "Nested too deep",
            "最多 40 层。正常的剧本不会超过 10 层,多半是括号没有成对。",
            "At most 40 levels; a real playbook has fewer than ten. Usually a bracket is not closed.",
        ),
        _code(
            "PB103",
            "error",
            "内容或引用太多",
            "Too many values or aliases",
            "一个文件最多 60000 个值、200 处引用(*名字),引用展开后也一样算。",
            "A file may hold 60,000 values and 200 aliases, counted after the aliases are expanded.",
        ),
        _code(
            "PB104",
            "error",
            "看不见的字符",
            "Invisible character",
            "从网页、文档或聊天里复制的文字会带来看不见的控制字符,程序读到的和眼睛看到的就不一样了。删掉那一处重新输入。",
            "Text copied from a page or a chat can carry control characters, so that the file does not mean what it shows. "
            "Delete and retype that spot.",
        ),
        _code(
            "PB105",
            "error",
            "YAML 写法有误",
            "YAML syntax",
            "常见原因:缩进没有对齐、冒号后面少了空格、用了中文标点(:,“”)、引号或括号没有成对。",
            "Common causes: indentation that doesn't line up, no space after a colon, full-width punctuation, an unpaired "
            "quote or bracket.",
        ),
        _code(
            "PB106",
            "error",
            "缩进用了 Tab",
            "Tab in the indentation",
            "YAML 的缩进只能用空格。把编辑器设为「Tab 输入两个空格」。",
            "YAML is indented with spaces only. Set your editor to insert two spaces for Tab.",
        ),
        _code(
            "PB107",
            "error",
            "同一个键写了两次",
            "Duplicate key",
            "同一层里每个键只能出现一次,否则谁也说不清哪一个算数。",
            "A key may appear once in a map; otherwise nobody can tell which one counts.",
        ),
        _code(
            "PB108",
            "error",
            "键名不是文字",
            "Key is not text",
            "键名必须是文字。以「{{」开头的值要加引号,否则会被读成一组键。",
            "A key must be text. Quote values that begin with `{{`, otherwise they are read as a map.",
        ),
        _code(
            "PB109",
            "error",
            "类型标签",
            "Type tag",
            "不支持 !! 或 ! 开头的标签:剧本只是数据。要写感叹号开头的文字,加上引号。",
            "Tags (`!!…`, `!…`) are refused: a playbook is data only. Quote text that begins with an exclamation mark.",
        ),
        _code(
            "PB110",
            "error",
            "一个文件里有多份内容",
            "Several documents",
            "一个文件只能有一份剧本,「---」之后不能再有第二份。",
            "One file holds one playbook; there may be no second document after `---`.",
        ),
        _code(
            "PB111",
            "error",
            "空文件",
            "Empty file",
            "文件里没有内容。从 playbooks/examples/ 里抄一份开始改最快。",
            "The file has no content. Copying an example is the fastest start.",
        ),
        _code(
            "PB112",
            "error",
            "引用的锚点不存在",
            "Unknown alias",
            "「*名字」引用前面用「&名字」记下的内容。以星号开头的普通文字要加引号。",
            "`*name` refers to what `&name` marked further up. Quote plain text that begins with a star.",
        ),
        _code(
            "PB113",
            "error",
            "<< 合并",
            "Merge key",
            "YAML 1.2 没有「<<」。公共默认值写在 base.yaml,按标签或按群的差异写在 overrides。",
            "YAML 1.2 has no merge key. Shared defaults go into base.yaml, differences by tag or group into `overrides`.",
        ),
        _code(
            "PB114",
            "warning",
            "列表里的中文逗号",
            "Full-width comma in a list",
            "[打卡，签到] 在 YAML 里只有一项。用英文逗号分开:[打卡, 签到]。",
            "`[打卡，签到]` is one single item in YAML. Separate with ASCII commas: `[打卡, 签到]`.",
        ),
        _code(
            "PB115",
            "error",
            "不是 UTF-8",
            "Not UTF-8",
            "文件请存成 UTF-8 编码(记事本:另存为 → 编码 → UTF-8)。",
            "Save the file as UTF-8.",
        ),
        _code(
            "PB116",
            "error",
            "读不了文件",
            "File can't be read",
            "多半是权限不对:让运行机器人的用户可以读这个文件。",
            "Usually its permissions: the user that runs the bot must be able to read it.",
        ),
        # 2xx: shape and values
        _code(
            "PB201",
            "error",
            "不认识的键",
            "Unknown key",
            "这个位置没有这个键,多半是拼写错误或缩进错了一层。信息里列出了这里能写的键。",
            "There is no such key here: a typo, or indented into the wrong place. The message lists what is allowed.",
        ),
        _code(
            "PB202",
            "error",
            "缺少必填的键",
            "Missing key",
            "少写了一个必须有的键。用 qunops explain 看它是什么意思。",
            "A required key is missing. `qunops explain` says what it means.",
        ),
        _code(
            "PB203",
            "error",
            "类型不对",
            "Wrong type",
            "该写数字的地方写了文字,该写列表的地方写了一个值,等等。",
            "Text where a number is expected, a value where a list is expected, and so on.",
        ),
        _code(
            "PB204",
            "error",
            "不在可选值里",
            "Not one of the allowed values",
            "这里只能从几个固定的值里选。信息里列出了全部可选值。",
            "Only certain values are allowed here; the message lists them.",
        ),
        _code(
            "PB205",
            "error",
            "超出范围",
            "Out of range",
            "数字太大或太小,文字太长或太短,列表太多或太少。",
            "A number too large or too small, a text or list too long or too short.",
        ),
        _code(
            "PB206",
            "error",
            "格式不对",
            "Wrong format",
            "时长写 30s、10m、2h、7d;时刻写 07:30;时间段写 05:00-23:59;日期写 2026-03-01。",
            "Durations are 30s, 10m, 2h, 7d; times 07:30; windows 05:00-23:59; dates 2026-03-01.",
        ),
        _code(
            "PB207",
            "error",
            "玩法不接受这个值",
            "Refused by the play",
            "形式没有错,但这种玩法做不到或没有意义,信息里说明了原因。",
            "The form is right, but the play can't do it or it makes no sense; the message says why.",
        ),
        _code(
            "PB208",
            "error",
            "没有这种玩法",
            "Unknown kind",
            "kind 必须是已安装的玩法之一。用 qunops explain 查看全部玩法。",
            "`kind` must be an installed play. `qunops explain` lists them.",
        ),
        _code(
            "PB209",
            "error",
            "名字不能这样起",
            "Name not possible",
            "剧本和玩法的名字里不能有 / # @ 和换行,最长 40 个字:它们会出现在记录和命令里。",
            "Names of playbooks and plays may not contain / # @ or line breaks, and are at most 40 characters long.",
        ),
        _code(
            "PB210",
            "error",
            "玩法自己的检查出错",
            "The play's own check failed",
            "这不是剧本的错,是这种玩法的程序没有料到这样的写法。换一种写法,并把这一段发给开发者。",
            "Not your mistake: the play's code did not expect this. Write it differently and report it.",
        ),
        _code(
            "PB211",
            "error",
            "没有这个时区",
            "Unknown timezone",
            "写 IANA 时区名,例如 Asia/Shanghai。",
            "Write an IANA name such as Asia/Shanghai.",
        ),
        _code(
            "PB212",
            "error",
            "看不懂的群",
            "Group selector not understood",
            "groups 里写 tag:标签、qq:群号、wechat:xxx@chatroom、sim:群名,或一个平台的全部群 qq:*。",
            "`groups` takes tag:<tag>, qq:<number>, wechat:<id>@chatroom, sim:<name>, or all of a network: qq:*.",
        ),
        _code(
            "PB213",
            "error",
            "cron 写法有误",
            "Cron expression",
            "五段:分 时 日 月 星期。星期只能写英文缩写 mon tue wed thu fri sat sun:数字在不同软件里差一天,所以不接受。",
            "Five fields: minute hour day month weekday. Weekdays by name only (mon … sun): numbers mean different days in "
            "different programs.",
        ),
        _code(
            "PB214",
            "error",
            "看不懂的人群",
            "Audience not understood",
            "人群写 tier:核心、rfm:重要挽留、silent:14d(14 天没说话)、silent:never(从没说过)、new:7d(入群 7 天内)、tag:标签、"
            "role:角色、id:qq:号码、all;前面加 ! 表示不是,用 & 连接表示同时,列成几行表示任意一个。",
            "An audience is tier:core, rfm:…, silent:14d (said nothing for 14 days), silent:never, new:7d (joined within 7 "
            "days), tag:…, role:…, id:qq:<number> or all; ! in front negates, & joins, a list means any of them.",
        ),
        # 3xx: references
        _code(
            "PB301",
            "error",
            "找不到文件",
            "File not found",
            "路径先从剧本所在的文件夹算起,再从 playbooks/ 算起。检查文件名和大小写。",
            "Paths are taken from the playbook's folder, then from playbooks/. Check name and case.",
        ),
        _code(
            "PB302",
            "error",
            "文件在文件夹之外",
            "File outside the folder",
            "只能引用 playbooks/ 里面的文件,不能用绝对路径或「..」。",
            "Only files inside playbooks/ can be used: no absolute path, no `..`.",
        ),
        _code(
            "PB303",
            "error",
            "题库、词库或文稿有误",
            "Mistake in a bank, lexicon or text",
            "剧本引用的文件里有错误,位置是那个文件的行号。",
            "A file that the playbook refers to has a mistake; the line is the line of that file.",
        ),
        _code(
            "PB304",
            "warning",
            "题库、词库或文稿可以更好",
            "Advice on a bank, lexicon or text",
            "引用的文件能用,但有值得看一眼的地方。",
            "The file works, but something in it is worth a look.",
        ),
        _code(
            "PB305",
            "error",
            "模板写法有误或不允许",
            "Template syntax or forbidden construct",
            "文字模板里的 {{ }} 或 {% %} 写错了,或用了不允许的写法。群里的文字只需要变量、if 和简单的 for。",
            "A `{{ }}` or `{% %}` is wrong or not allowed. Group texts need variables, `if` and simple `for` only.",
        ),
        _code(
            "PB306",
            "error",
            "模板里没有这个变量",
            "Unknown template variable",
            "信息里列出了这里能用的变量;自己的变量写在 vars 里。",
            "The message lists the names that exist here; your own go into `vars`.",
        ),
        _code(
            "PB307",
            "error",
            "两个玩法抢同一个口令",
            "Two plays claim one command",
            "同一个群里一个口令只能属于一个玩法,给其中一个换个说法。",
            "A command can belong to one play of a group only; rename one.",
        ),
        _code(
            "PB308",
            "warning",
            "默认口令重复",
            "Default commands overlap",
            "两个玩法的默认口令相同,排在前面的会应答。想让另一个也能用,就给它另写口令。",
            "Two plays share a default command; the first one answers. Give the other its own word.",
        ),
        _code(
            "PB309",
            "warning",
            "两份剧本在同一个群里抢口令",
            "Two playbooks of one group share a command",
            "同一个群同时适用两份剧本,口令重复时排在前面的文件会应答。",
            "Two playbooks apply to one group; where commands overlap, the first file answers.",
        ),
        _code(
            "PB310",
            "error",
            "永远不会触发",
            "Never fires",
            "这个时间表在将来没有任何一次,例如 2 月 30 日,或已经过去的日期。",
            "There is no future firing: the 30th of February, or a date in the past.",
        ),
        _code(
            "PB311",
            "warning",
            "没有哪个群有这个标签",
            "Unknown group tag",
            "groups.yaml 里没有一个群带这个标签,这部分暂时不会生效。",
            "No group in groups.yaml carries this tag, so this has no effect yet.",
        ),
        _code(
            "PB312",
            "warning",
            "没有这个角色或等级",
            "Unknown role or tier",
            "豁免、点评等处引用的角色没有在 roles 里定义,等级也不是已知的等级。",
            "The role is not defined in `roles`, or the tier is not a known one.",
        ),
        _code(
            "PB313",
            "error",
            "覆盖了不存在的玩法",
            "Override of an unknown play",
            "overrides 只能修改剧本里已有的玩法,名字要一字不差。",
            "`overrides` can only change plays that the playbook has, by their exact name.",
        ),
        _code(
            "PB314",
            "error",
            "剧本重名",
            "Duplicate playbook name",
            "playbook 是剧本的身份,进度和积分都记在它名下,不能重复。",
            "`playbook` is the identity under which progress and points are kept; it must be unique.",
        ),
        _code(
            "PB315",
            "error",
            "公共设置有误",
            "Shared settings are broken",
            "base.yaml 或 groups.yaml 有错误。所有剧本都以它们为底,修好之前不启用新版本。",
            "base.yaml or groups.yaml has a mistake. Every playbook builds on them, so none takes a new version until then.",
        ),
        _code(
            "PB316",
            "warning",
            "没有写在哪些群运行",
            "No groups",
            "没有 groups,这份剧本不会在任何群里运行。",
            "Without `groups` the playbook runs nowhere.",
        ),
        _code(
            "PB317",
            "warning",
            "日期已经过去",
            "The date is past",
            "一次性的安排写的是过去的时间,不会再触发。用完了可以删掉,或改成新的日期。",
            "A one-off date lies in the past and won't fire again. Remove it or give it a new date.",
        ),
        _code(
            "PB318",
            "error",
            "奖品不在商店里",
            "Prize that no shop has",
            "prizes 里写的是同一份剧本里商店(kind: shop)的商品名,从它的库存里发。商店不叫「商店」时用 shop 写明。",
            "`prizes` names things of a shop (`kind: shop`) in the same playbook and takes them from its stock. `shop` says "
            "which one, unless it is called 商店.",
        ),
        _code(
            "PB319",
            "error",
            "目标不可能达到",
            "Target out of range",
            "指标有天然的范围:比例在 0 到 1(0% 到 100%),NPS 在 -100 到 100,人数和次数不小于 0。超出范围的目标不接受。",
            "A metric has a natural range: shares 0 to 1 (0 % to 100 %), NPS -100 to 100, counts not below 0. A target outside "
            "of it is refused.",
        ),
        # 4xx: what a network can do
        _code(
            "PB401",
            "warning",
            "这个平台做不到",
            "Not possible on this network",
            "平台没有这种能力(例如微信没有禁言),运行时会按声明的备用做法降级。",
            "The network lacks the capability (WeChat has no mute); the play falls back as declared.",
        ),
        _code(
            "PB402",
            "warning",
            "需要群主或管理员权限",
            "Needs owner or admin rights",
            "机器人账号在群里没有足够权限时这一步会降级,先把它设为管理员。",
            "Without the rights the step falls back; make the bot's account an admin first.",
        ),
        # 5xx: the field's own practice
        _code(
            "PB501",
            "warning",
            "一次推送太多条",
            "Too many messages at once",
            "一次推送超过 35 条,成员会免打扰或退群。拆成几天或挑重点。",
            "More than 35 messages in one broadcast make members mute or leave. Spread or choose.",
        ),
        _code(
            "PB502",
            "warning",
            "一次推送太久",
            "A broadcast too long",
            "一次推送超过 25 分钟,后半段没有人看。",
            "Nobody reads the second half of a broadcast of more than 25 minutes.",
        ),
        _code(
            "PB503",
            "warning",
            "答题不是选择题",
            "Quiz is not multiple choice",
            "群里答题以选择题为好:一个字母就能参与,判分没有争议。",
            "Multiple choice works best in a group: one letter takes part, and nobody disputes the score.",
        ),
        _code(
            "PB504",
            "warning",
            "随意聊天之后没有正式讨论",
            "Random talk without a formal discussion",
            "闲聊话题之后接一个正式讨论,热度才会落到内容上。",
            "Follow random talk with a formal discussion, so that the warmth reaches the content.",
        ),
        _code(
            "PB505",
            "warning",
            "没有写衡量指标",
            "No metric",
            "每个玩法写一个 metric(例如 checkin.rate),到期才知道值不值得继续。",
            "Name one `metric` per play (such as checkin.rate), or nobody will know whether it was worth it.",
        ),
        _code(
            "PB506",
            "warning",
            "要点不是两三个",
            "Not two or three key points",
            "一条内容讲两到三个要点最容易被记住。",
            "Two or three key points per post are what people remember.",
        ),
        _code(
            "PB507",
            "warning",
            "DAU/MAU 目标大于 1",
            "DAU/MAU above 1",
            "日活除以月活不可能超过 1(100%),目标写错了。",
            "Daily over monthly active members can't exceed 1 (100 %).",
        ),
        _code(
            "PB508",
            "warning",
            "安静时段里的定时消息",
            "Scheduled inside the quiet hours",
            "安静时段只回答成员,定时消息会被推迟。把时间挪开,或缩短 quiet_hours。",
            "In quiet hours only answers are sent, scheduled messages wait. Move the time or shorten `quiet_hours`.",
        ),
        _code(
            "PB509",
            "warning",
            "写「我们」比「你们」好",
            "我们 reads better than 你们",
            "「你们」把运营和成员分成两边,「我们」才是一个群。",
            "你们 puts the operator opposite the members; 我们 makes it one group.",
        ),
        _code(
            "PB510",
            "warning",
            "指标目录里没有",
            "Unknown metric",
            "targets 里的指标不在目录里,机器人不会计算它,也不会核对目标。",
            "The metric is not in the catalogue: it is neither computed nor compared with the target.",
        ),
    )
)
