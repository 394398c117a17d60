"""One row of every noun that an address can name, in 云栖区, each holding a word that nobody outside may read."""

import datetime as dt
import enum
import itertools
from typing import Any

from sqlalchemy import ARRAY, Column, Date, DateTime, Enum, Float, LargeBinary, Table, Time, insert, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from intake.domain.held import Held
from intake.domain.notification import NoticeChannel
from intake.models import Area, IntakePoint
from intake.models.base import Base
from intake.wiring import Wiring
from tests.factories.matters import held, told, topic_of
from tests.factories.photos import kept
from tests.factories.referrals import assigned, referred
from tests.factories.town import Town

SECRET = "暗号"
"""Stands in every text of every row made here."""
SAME_TABLE = {"held": "submissions"}
_number = itertools.count(1)


class Everything:
    """Ids by table: of a real submission, topic and referral with what hangs on them, and of a bare row of every other noun."""

    def __init__(self, wiring: Wiring, town: Town) -> None:
        self.wiring, self.town = wiring, town
        self.ids: dict[str, int] = {}
        stored = told(wiring, town.longchi_code, f"{SECRET}：幸福里路灯不亮", place=f"{SECRET}北门", contact="13800000021")
        topic = topic_of(wiring, town.zhou_id, f"{SECRET}路灯", told(wiring, town.longchi_code, f"{SECRET}：楼道没有灯"))
        sent = told(wiring, town.longchi_code, f"{SECRET}：井盖没了")
        referral = assigned(wiring, town, referred(wiring, town, sent, words=f"{SECRET}，请修井盖。"))
        waiting = held(wiring, town.longchi_code, f"{SECRET}：加我微信", Held.ADVERTISING)
        self.ids |= {"held": waiting.submission_id, "submissions": stored.submission_id, "topics": topic, "referrals": referral}
        self.facts: dict[str, dict[str, Any]] = {
            "answer_templates": {"action": "answer"},
            "approvals": {"topic_id": topic, "file_key": "evidence/1.jpg", "file_name": "1.jpg"},
            "attachments": {"state": "ready", "file_key": "evidence/1.jpg", "media_type": "image/jpeg"},
            "campaigns": {"code": "c0d3"},
            "duty_shifts": {"ends": dt.time(12)},
            "poster_batches": {"format": "a4"},
            "row_imports": {"columns": [SECRET], "file_key": "imports/2/1.csv", "mapping": {}},
            "screening_drafts": {"action": "approve"},
            "submission_files": {
                "submission_id": stored.submission_id,
                "state": "ready",
                "file_key": "said/1.jpg",
                "media_type": "image/jpeg",
            },
            "topic_proposals": {"topic_ids": [topic]},
            "topic_proposers": {"user_id": town.zhou_id},
            "wechat_accounts": {"district_id": town.district_id},
            "wechat_templates": {"channel": NoticeChannel.TEMPLATE},
            "year_plans": {"year": 2027},
        }
        """What a table's own rules want beside its types."""
        for key in ("evidence/1.jpg", "said/1.jpg"):
            kept(wiring, key, "teal")
        with wiring.sessions() as session:
            self.ids |= {"areas": town.longchi_id, "users": town.zhou_id, "departments": town.lights_id}
            self.ids["intake_points"] = session.query(IntakePoint).filter_by(code=town.longchi_code).one().id
            session.execute(update(Area).where(Area.id == town.longchi_id).values(name=f"{SECRET}社区"))
            session.commit()

    def id_of(self, table: str) -> int:
        """The id of this table's row, made when first asked for; `held` is a submission that the machine held back."""
        if table not in self.ids:
            with self.wiring.sessions.begin() as session:
                self.ids[table] = self._insert(session, Base.metadata.tables[table])
        return self.ids[table]

    def change(self, table: str, **values: Any) -> None:
        """Write into the row what a service would have written, or what none would."""
        found = Base.metadata.tables[SAME_TABLE.get(table, table)]
        with self.wiring.sessions.begin() as session:
            session.execute(update(found).where(next(iter(found.primary_key.columns)) == self.id_of(table)).values(**values))

    def version_of(self, table: str) -> str:
        """What a form of this row carries; empty where none does."""
        found = Base.metadata.tables[SAME_TABLE.get(table, table)]
        if "version" not in found.c:
            return ""
        with self.wiring.sessions() as session:
            return str(session.scalar(select(found.c.version).where(next(iter(found.primary_key.columns)) == self.id_of(table))))

    def fingerprints(self) -> dict[str, str]:
        """Table → digest of all its rows, save who is signed in."""
        with self.wiring.sessions() as session:
            return {
                name: session.scalar(text(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t"))
                for name in Base.metadata.tables
                if name != "login_sessions"
            }

    def _insert(self, session: Session, table: Table) -> int:
        facts = self.facts.get(table.name, {})
        needed = {
            column.name: facts.get(column.name, self._value(session, column))
            for column in table.columns
            if column.name in facts or not (column.nullable or column.server_default is not None or _is_own_key(column))
        }
        made = session.execute(insert(table).values(needed).returning(*table.primary_key.columns)).one()
        return int(made[0])

    def _value(self, session: Session, column: Column[Any]) -> Any:
        if column.name == "district_id":
            return self.town.district_id
        if column.foreign_keys:
            parent = next(iter(column.foreign_keys)).column.table
            if parent.name not in self.ids:
                first = session.scalar(select(next(iter(parent.primary_key.columns))).limit(1))
                self.ids[parent.name] = first if first is not None else self._insert(session, parent)
            return self.ids[parent.name]
        return _plain_value(column, self.wiring.clock.now())


def _is_own_key(column: Column[Any]) -> bool:
    return bool(column.primary_key and not column.foreign_keys and column.name == "id")


def _plain_value(column: Column[Any], now: dt.datetime) -> Any:
    """Something that the column's type takes."""
    kind = column.type
    if isinstance(kind, Enum):
        values = kind.enum_class or kind.enums
        return next(iter(values)) if isinstance(values, enum.EnumMeta) else values[0]
    by_type: tuple[tuple[type[Any], Any], ...] = (
        (DateTime, now),
        (Date, now.date()),
        (Time, dt.time(9)),
        (LargeBinary, f"{SECRET}{next(_number)}".encode()),
        (JSONB, []),
        (ARRAY, []),
        (Float, 1.0),
    )
    for wanted, value in by_type:
        if isinstance(kind, wanted):
            return value
    return {bool: False, int: 1}.get(kind.python_type, f"{SECRET}{next(_number)}")
