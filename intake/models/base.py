"""The declarative base: constraint names, time with zone, enums as text with a CHECK (native enums can't be downgraded)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, MetaData, Text
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column


def text_enum(enum: type[StrEnum], name: str) -> SqlEnum:
    """A text column that holds the members' values, with a CHECK called `name`."""
    return SqlEnum(enum, name=name, native_enum=False, create_constraint=True, length=40, values_callable=lambda e: [m.value for m in e])


class Base(DeclarativeBase):
    """Parent of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text(), dict[str, Any]: JSONB(), list[Any]: JSONB()}  # noqa: RUF012 - SQLAlchemy reads a plain dict here


Key = Annotated[int, mapped_column(BigInteger, primary_key=True)]
"""A 64-bit identity."""
DistrictId = Annotated[int, mapped_column(BigInteger)]
"""Every row carries its district (architecture rule 11).

No foreign key: each insert would lock the one district row in share mode, and a burst of residents would queue there. It is copied from
the point, the user or the parent row, whose own keys guard it.
"""
