"""QQ itself, as far as an implementation of OneBot shows it: groups, members, history, requests, and what QQ refuses.

`style` chooses whose deviations it has (napcat, llbot, lagrange). No network in here.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

Frame = dict[str, Any]

APPS = {"napcat": "NapCat.Onebot", "llbot": "LuckyLilliaBot", "lagrange": "Lagrange.OneBot"}


class Refused(Exception):
    """What QQ or the implementation says no to."""

    def __init__(self, message: str, retcode: int = 1200) -> None:
        super().__init__(message)
        self.retcode = retcode


@dataclass
class Person:
    user_id: int
    nickname: str
    card: str = ""
    role: str = "member"
    title: str = ""
    join_time: int = 1_700_000_000
    muted_until: int = 0


@dataclass
class Room:
    group_id: int
    name: str
    people: dict[int, Person] = field(default_factory=dict)
    history: list[Frame] = field(default_factory=list)
    is_all_muted: bool = False
    notices: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    mentions_all_left: int = 10


class OneBotWorld:
    """`clock` is the platform's time in seconds; tests set it."""

    def __init__(self, self_id: int = 3_000_000_001, style: str = "napcat") -> None:
        self.self_id = self_id
        self.style = style
        self.clock = 1_750_000_000
        self.rooms: dict[int, Room] = {}
        self.private: dict[int, list[Frame]] = {}
        self.requests: list[dict[str, Any]] = []
        self.answered: dict[str, bool] = {}
        self.recalled: list[int] = []
        self._sequence = itertools.count(20_000)

    # -- setting the scene ------------------------------------------------------------------------------------------

    def found(self, group_id: int, name: str, *, members: int = 3, bot_role: str = "admin") -> Room:
        room = Room(group_id, name)
        room.people[self.self_id] = Person(self.self_id, "机器人", role=bot_role)
        owner = 2_800_000_000 + group_id % 1000
        if bot_role != "owner":
            room.people[owner] = Person(owner, "群主", role="owner")
        for number in range(members):
            user_id = 2_900_000_001 + number
            room.people[user_id] = Person(user_id, f"成员{number + 1}")
        self.rooms[group_id] = room
        return room

    # -- what happens: each returns the event frame ------------------------------------------------------------------

    def event(self, post_type: str, **fields: Any) -> Frame:
        return {"time": self.clock, "self_id": self.self_id, "post_type": post_type, **fields}

    def says(self, group_id: int, user_id: int, message: str | list[Frame]) -> Frame:
        """A message in the group, kept in its history."""
        room = self.rooms[group_id]
        person = room.people.get(user_id) or Person(user_id, "过客")
        segments = [_text(message)] if isinstance(message, str) else message
        sequence = next(self._sequence)
        message_id = self._short_id(group_id, sequence)
        own = user_id == self.self_id
        frame = self.event(
            "message_sent" if own else "message",
            message_type="group",
            sub_type="normal",
            message_id=message_id,
            group_id=group_id,
            user_id=user_id,
            message=segments,
            raw_message="".join(str(one["data"].get("text", "")) for one in segments),
            font=14,
            sender={"user_id": user_id, "nickname": person.nickname, "card": person.card, "role": person.role},
        )
        if self.style != "lagrange":
            frame |= {"message_format": "array", "group_name": room.name}
        if self.style == "napcat":
            frame |= {"message_seq": message_id, "real_id": message_id, "real_seq": str(sequence)}
        elif self.style == "llbot":
            frame |= {"message_seq": sequence}
        room.history.append(frame)
        return frame

    def joins(self, group_id: int, user_id: int, *, by: int = 0, sub_type: str = "approve") -> Frame:
        self.rooms[group_id].people[user_id] = Person(user_id, f"新人{user_id % 1000}", join_time=self.clock)
        return self.event(
            "notice",
            notice_type="group_increase",
            sub_type=sub_type,
            group_id=group_id,
            operator_id=by,
            user_id=user_id,
        )

    def leaves(self, group_id: int, user_id: int, *, by: int = 0) -> Frame:
        self.rooms[group_id].people.pop(user_id, None)
        sub_type = "leave" if not by else "kick_me" if user_id == self.self_id else "kick"
        if user_id == self.self_id:
            del self.rooms[group_id]
        return self.event(
            "notice",
            notice_type="group_decrease",
            sub_type=sub_type,
            group_id=group_id,
            operator_id=by,
            user_id=user_id,
        )

    def mutes(self, group_id: int, user_id: int, duration: int, *, by: int = 0) -> Frame:
        """`user_id` 0: the whole group, for `duration` -1 or 0."""
        room = self.rooms[group_id]
        if user_id == 0:
            room.is_all_muted = duration != 0
        else:
            room.people[user_id].muted_until = self.clock + duration if duration else 0
        return self.event(
            "notice",
            notice_type="group_ban",
            sub_type="ban" if duration else "lift_ban",
            group_id=group_id,
            operator_id=by,
            user_id=user_id,
            duration=duration,
        )

    def asks(self, group_id: int, user_id: int, comment: str = "") -> Frame:
        """A join request, also listed in the system messages until it is answered."""
        number = str(self.clock * 1_000_000 + len(self.requests))
        flag = {"llbot": f"{group_id}|{number}|1|0", "lagrange": f"{number}-{group_id}-1-0"}.get(self.style, number)
        self.requests.append({"number": number, "flag": flag, "group": group_id, "user": user_id, "comment": comment})
        return self.event(
            "request",
            request_type="group",
            sub_type="add",
            group_id=group_id,
            user_id=user_id,
            comment=comment,
            flag=flag,
        )

    def heartbeat(self, interval_ms: int, *, is_online: bool | None = True) -> Frame:
        status = {"online": is_online, "good": True}
        return self.event("meta_event", meta_event_type="heartbeat", status=status, interval=interval_ms)

    def lifecycle(self) -> Frame:
        return self.event("meta_event", meta_event_type="lifecycle", sub_type="connect")

    # -- what the bot may ask ----------------------------------------------------------------------------------------

    def answer(self, action: str, params: Frame) -> Any:
        """The data of the answer. Raises `Refused`."""
        handler = getattr(self, f"_do_{action.lstrip('_')}", None)
        if handler is None:
            raise Refused(f"不支持的Api {action}", 404 if self.style == "lagrange" else 1404)
        return handler(params)

    def _room(self, params: Frame) -> Room:
        room = self.rooms.get(int(params["group_id"]))
        if room is None:
            raise Refused("group not found")
        return room

    def _admin_room(self, params: Frame) -> Room:
        room = self._room(params)
        if room.people[self.self_id].role == "member":
            raise Refused("ERR_NOT_GROUP_ADMIN")
        return room

    def _target(self, room: Room, params: Frame) -> Person:
        person = room.people.get(int(params["user_id"]))
        if person is None:
            raise Refused("user not in group")
        if person.role == "owner" or (person.role == "admin" and room.people[self.self_id].role != "owner"):
            raise Refused(f"cannot ban {person.role}")
        return person

    def _do_get_login_info(self, params: Frame) -> Frame:
        return {"user_id": self.self_id, "nickname": "机器人"}

    def _do_get_version_info(self, params: Frame) -> Frame:
        return {"app_name": APPS[self.style], "app_version": "4.18.13", "protocol_version": "v11"}

    def _do_get_status(self, params: Frame) -> Frame:
        return {"online": True, "good": True}

    def _do_get_group_list(self, params: Frame) -> list[Frame]:
        return [self._info(room) for room in self.rooms.values()]

    def _do_get_group_info(self, params: Frame) -> Frame:
        return self._info(self._room(params))

    def _info(self, room: Room) -> Frame:
        size = len(room.people)
        return {"group_id": room.group_id, "group_name": room.name, "member_count": size, "max_member_count": 500}

    def _do_get_group_member_list(self, params: Frame) -> list[Frame]:
        room = self._room(params)
        return [self._member(room, person) for person in room.people.values()]

    def _do_get_group_member_info(self, params: Frame) -> Frame:
        room = self._room(params)
        person = room.people.get(int(params["user_id"]))
        if person is None:
            raise Refused("user not in group")
        return self._member(room, person)

    def _member(self, room: Room, person: Person) -> Frame:
        return {
            "group_id": room.group_id,
            "user_id": person.user_id,
            "nickname": person.nickname,
            "card": person.card,
            "role": person.role,
            "title": person.title,
            "join_time": person.join_time,
            "shut_up_timestamp": person.muted_until,
        }

    def _do_get_group_at_all_remain(self, params: Frame) -> Frame:
        if self.style == "lagrange":
            raise Refused("", 404)
        left = self._room(params).mentions_all_left
        return {
            "can_at_all": left > 0,
            "remain_at_all_count_for_group": 20,
            "remain_at_all_count_for_uin": left,
        }

    def _do_get_group_system_msg(self, params: Frame) -> Frame:
        listed = [
            {
                "request_id": int(request["number"]),
                "group_id": request["group"],
                "message": request["comment"],
                "requester_nick": f"新人{request['user'] % 1000}",
                "checked": request["flag"] in self.answered,
                "actor": 0,
                ("invitor_uin" if self.style == "napcat" else "requester_uin"): request["user"],
            }
            for request in self.requests
        ]
        return {"join_requests": listed, "invited_requests": []}

    def _do_get_group_msg_history(self, params: Frame) -> Frame:
        name = "message_id" if self.style == "lagrange" else "message_seq"
        key = "message_seq" if self.style == "llbot" else "message_id"
        history, count = self._room(params).history, int(params.get("count", 20))
        end = len(history)
        if name in params:
            places = [place for place, frame in enumerate(history) if frame[key] == params[name]]
            if not places:
                raise Refused(f"消息{params[name]}不存在")
            # NapCat pages towards older messages only with the flag turned on, LuckyLilliaBot with it off.
            if bool(params.get("reverse_order")) == (self.style == "napcat") or self.style == "lagrange":
                end = places[0] + 1
            else:
                return {"messages": history[places[0] : places[0] + count]}
        page = history[max(0, end - count) : end]
        if not page:
            raise Refused("消息undefined不存在")
        return {"messages": page[::-1] if self.style == "llbot" else page}

    def _do_get_friend_msg_history(self, params: Frame) -> Frame:
        return {"messages": self.private.get(int(params["user_id"]), [])[-int(params.get("count", 20)) :]}

    def _do_send_msg(self, params: Frame) -> Frame:
        return self._do_send_group_msg(params) if params.get("group_id") else self._do_send_private_msg(params)

    def _do_get_msg(self, params: Frame) -> Frame:
        for room in self.rooms.values():
            for frame in room.history:
                if frame["message_id"] == int(params["message_id"]):
                    return frame
        raise Refused("消息不存在")

    def _do_send_group_msg(self, params: Frame) -> Frame:
        room, me = self._room(params), self._room(params).people[self.self_id]
        if me.muted_until > self.clock or (room.is_all_muted and me.role == "member"):
            raise Refused('EventChecker Failed: sendMsg EventRet:{"result":120,"errMsg":""}')
        message = params["message"]
        if not isinstance(message, list) or not message:
            raise Refused("$.message must be a non-empty array", 1400)
        if any(one["type"] == "at" and one["data"]["qq"] == "all" for one in message):
            if me.role == "member" or not room.mentions_all_left:
                raise Refused("ERR_NOT_GROUP_ADMIN")
            room.mentions_all_left -= 1
        return {"message_id": self.says(room.group_id, self.self_id, message)["message_id"]}

    def _do_send_private_msg(self, params: Frame) -> Frame:
        user_id, sequence = int(params["user_id"]), next(self._sequence)
        if not any(user_id in room.people for room in self.rooms.values()):
            raise Refused("not a friend")
        frame = self.event(
            "message_sent",
            message_type="private",
            sub_type="friend",
            message_id=self._short_id(user_id, sequence),
            user_id=self.self_id,
            target_id=user_id,
            message=params["message"],
            sender={"user_id": self.self_id, "nickname": "机器人"},
        )
        self.private.setdefault(user_id, []).append(frame)
        return {"message_id": frame["message_id"]}

    def _do_delete_msg(self, params: Frame) -> None:
        for room in self.rooms.values():
            for frame in room.history:
                if frame["message_id"] == params["message_id"]:
                    if frame["user_id"] != self.self_id:
                        self._admin_room({"group_id": room.group_id})
                    room.history.remove(frame)
                    self.recalled.append(frame["message_id"])
                    return
        raise Refused("Recall failed")

    def _do_set_group_ban(self, params: Frame) -> None:
        person = self._target(self._admin_room(params), params)
        duration = params.get("duration", 1800 if self.style == "llbot" else 0)
        person.muted_until = self.clock + duration if duration else 0

    def _do_set_group_whole_ban(self, params: Frame) -> None:
        self._admin_room(params).is_all_muted = params.get("enable", True)

    def _do_set_group_kick(self, params: Frame) -> None:
        room = self._admin_room(params)
        del room.people[self._target(room, params).user_id]

    def _do_set_group_card(self, params: Frame) -> None:
        self._admin_room(params).people[int(params["user_id"])].card = params["card"]

    def _do_set_group_special_title(self, params: Frame) -> None:
        room = self._room(params)
        if room.people[self.self_id].role != "owner":
            raise Refused("ERR_NOT_GROUP_OWNER: permission denied")
        room.people[int(params["user_id"])].title = params["special_title"]

    def _do_set_group_add_request(self, params: Frame) -> None:
        found = [request for request in self.requests if request["flag"] == params["flag"]]
        if not found or not isinstance(params["flag"], str):
            raise Refused("No such request")
        self.answered[params["flag"]] = bool(params["approve"])

    def _do_send_group_notice(self, params: Frame) -> None:
        self._admin_room(params).notices.append(params["content"])

    def _do_upload_group_file(self, params: Frame) -> Frame:
        self._room(params).files.append(params["name"])
        return {"file_id": "/f"}

    def _do_upload_private_file(self, params: Frame) -> Frame:
        return {"file_id": "/f"}

    def _short_id(self, place: int, sequence: int) -> int:
        """31 bits of an md5, as NapCat makes them; signed on the others."""
        value = int.from_bytes(md5(f"{place}:{sequence}".encode()).digest()[:4], "big")
        return value & 0x7FFFFFFF if self.style == "napcat" else value - 2**31


def _text(text: str) -> Frame:
    return {"type": "text", "data": {"text": text}}


def readable(frame: Frame) -> str:
    """A message as members read it: text, mentions as `@…`, anything else by its kind."""
    return "".join(_readable(segment["type"], segment["data"]) for segment in frame["message"])


def _readable(kind: str, data: Frame) -> str:
    if kind == "text":
        return str(data["text"])
    return f"@{data['qq']}" if kind == "at" else f"[{kind}]"
