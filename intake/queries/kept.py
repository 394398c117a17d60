"""Questions that are put into words once and planned once.

Putting a question into words takes SQLAlchemy longer than the answer takes PostgreSQL where that lies along an index, so those asked on every
page are kept in words. And PostgreSQL plans a question anew each time when the plan for any values would be worse than one for these: it
always is while the states of a queue and the lengths of lists are values, for then no index of that queue can be meant.
"""

from enum import Enum
from typing import Any, TypeVar

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Executable, bindparam, literal_column
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ClauseList
from sqlalchemy.sql.visitors import replacement_traverse

PEOPLE_KEPT = 32
"""Whose questions are kept in words in a process."""
TOPIC_ID = bindparam("topic_id", type_=BigInteger)
"""Where a question that is kept is about one topic: given with each asking."""
TOPIC_IDS = bindparam("topic_ids", type_=ARRAY(BigInteger))
"""About several: one value, however many (`any_`)."""
DISTRICT_ID = bindparam("district_id", type_=BigInteger)

AnyStatement = TypeVar("AnyStatement", bound=Executable)


def written_out(statement: AnyStatement) -> AnyStatement:
    """The same question with its states, kinds and lengths as part of its words; what differs from person to person, and what is given
    with each asking, stays a value. A join says what it begins with (`select_from`): an expression that was written out doesn't know whose it is.
    """
    traversed: Any = statement  # every statement is a clause too
    written: AnyStatement = replacement_traverse(traversed, {}, _in_words)
    return written


def _in_words(element: Any, **_: object) -> Any:
    if not isinstance(element, BindParameter):
        return None
    if isinstance(element.value, int) and type(element).__name__ == "_OffsetLimitParam":
        return literal_column(str(element.value), element.type)
    if element.value == "":
        return literal_column("''", element.type)
    if isinstance(element.value, Enum):
        return _word(element, element.value)
    if element.expanding and element.value and all(isinstance(one, Enum) for one in element.value):
        return ClauseList(*(_word(element, one) for one in element.value)).self_group()
    return None


def _word(element: BindParameter[Any], value: Enum) -> ColumnElement[Any]:
    """Ours are plain words (`in_topic`): nothing in them has to be quoted."""
    assert str(value.value).replace("_", "").isalnum(), value
    return literal_column(f"'{value.value}'", element.type)
