"""公开内容."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.release import ReleaseKind, ReleaseState
from intake.models.base import Base, DistrictId, Key, text_enum

_SAID = "lower((title || ' '::text) || words)"
PIECES = (
    f"(string_to_array(regexp_replace({_SAID}, '(..)'::text, '\\1'::text || chr(1), 'g'::text), chr(1))"
    f" || string_to_array(regexp_replace(substr({_SAID}, 2), '(..)'::text, '\\1'::text || chr(1), 'g'::text), chr(1)))"
)
"""Every two characters that stand side by side in what a release says, in small letters; some single ones at the ends. The index and
queries/public_search.py say it in the same words."""


class Release(Base):
    """Words about one topic for everybody, in staff's own writing: never a resident's sentence by itself."""

    __tablename__ = "releases"
    __table_args__ = (
        Index("ix_releases_public", "district_id", "released_at", "id", postgresql_where="state = 'released'"),
        Index("ix_releases_area", "area_id", "released_at", "id", postgresql_where="state = 'released'"),
        Index("ix_releases_latest", "released_at", "id", postgresql_where="state = 'released'"),
        Index(
            "ix_releases_said",
            text(PIECES),
            postgresql_using="gin",
            postgresql_where="state = 'released'",
            postgresql_with={"fastupdate": "off"},
        ),
        Index("ix_releases_topic", "topic_id", "id"),
        Index("ix_releases_district", "district_id", "id"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"))
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    """Whose page shows it: the topic's area, or a wider one."""
    kind: Mapped[ReleaseKind] = mapped_column(text_enum(ReleaseKind, "kind"))
    state: Mapped[ReleaseState] = mapped_column(text_enum(ReleaseState, "state"))
    state_changed_at: Mapped[datetime]
    title: Mapped[str]
    words: Mapped[str]
    people: Mapped[int] = mapped_column(default=0)
    """How many submissions stood behind the topic when it was released."""
    prepared_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    released_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    released_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
