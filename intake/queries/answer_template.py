"""常用答复: the desk's list, and those a decision on a card may start from."""

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.answer_template import ACTION_NAMES, gaps_in
from intake.domain.errors import NotFound
from intake.domain.permission import Permission
from intake.domain.submission import SubmissionAction
from intake.models import AnswerTemplate, User
from intake.queries.area import district_path
from intake.queries.pages import PAGE, Page, holding, key_of, page_of

OFFERED = 6
"""As many as one form offers to start from."""


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """One template; `category` is a code of the taxonomy, None for all."""

    id: int
    action: SubmissionAction
    category: str | None
    title: str
    words: str
    version: int
    is_retired: bool
    by: str

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is to be filled in."""
        return gaps_in(self.words)


@dataclass(frozen=True, slots=True)
class Start:
    """What a form on a card may start from."""

    id: int
    action: SubmissionAction
    title: str
    words: str
    fits: bool
    """Whether it was written for the card's own category."""


def templates(
    session: Session,
    actor: Actor,
    *,
    words: str = "",
    action: SubmissionAction | None = None,
    retired: bool = False,
    after: str = "",
    limit: int = PAGE,
) -> Page[TemplateRow]:
    """The district's in use, or `retired`, the youngest first; two statements."""
    where = [AnswerTemplate.district_id == actor.district_id, *holding(words, AnswerTemplate.title, AnswerTemplate.words)]
    where.append(AnswerTemplate.retired_at.is_not(None) if retired else AnswerTemplate.retired_at.is_(None))
    if action is not None:
        where.append(AnswerTemplate.action == action.value)
    total = session.scalar(select(func.count()).select_from(AnswerTemplate).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(AnswerTemplate.id < key)
    rows = session.execute(_with_writer().where(*where).order_by(AnswerTemplate.id.desc()).limit(limit + 1))
    return page_of([_row(*row) for row in rows], total=total, limit=limit)


def template(session: Session, actor: Actor, template_id: int) -> TemplateRow:
    """One of the actor's district, in use or not; NotFound otherwise."""
    found = session.execute(
        _with_writer().where(AnswerTemplate.id == template_id, AnswerTemplate.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这条常用答复，或者不在您的区。")
    return _row(*found)


def keeps_templates(session: Session, actor: Actor) -> bool:
    """Whether the actor writes and changes them: they are the whole district's, so the role must be, too."""
    if actor.district_id is None:
        return False
    return actor.may(Permission.TEMPLATES_MANAGE, area_path=district_path(session, actor.district_id))


def has_templates(session: Session, district_id: int) -> bool:
    """Whether the district ever wrote one."""
    return session.scalar(select(AnswerTemplate.id).where(AnswerTemplate.district_id == district_id).limit(1)) is not None


def starts_for(session: Session, actor: Actor, *, category: str | None) -> dict[SubmissionAction, tuple[Start, ...]]:
    """For each decision what its form may start from: those for the category first, then those for all; one statement."""
    fits = func.coalesce(AnswerTemplate.category == category, False).label("fits")
    rows = session.execute(
        select(AnswerTemplate.id, AnswerTemplate.action, AnswerTemplate.title, AnswerTemplate.words, fits)
        .where(
            AnswerTemplate.district_id == actor.district_id,
            AnswerTemplate.retired_at.is_(None),
            AnswerTemplate.category.is_(None) | (AnswerTemplate.category == category),
        )
        .order_by(fits.desc(), AnswerTemplate.id)
    )
    found: dict[SubmissionAction, list[Start]] = {action: [] for action in ACTION_NAMES}
    for template_id, action, title, words, is_fit in rows:
        found[SubmissionAction(action)].append(Start(template_id, SubmissionAction(action), title, words, is_fit))
    return {action: tuple(starts[:OFFERED]) for action, starts in found.items()}


def start_from(session: Session, actor: Actor, template_id: int) -> Start | None:
    """One in use, to be written into its form; None for any other."""
    row = session.scalars(
        select(AnswerTemplate).where(
            AnswerTemplate.id == template_id, AnswerTemplate.district_id == actor.district_id, AnswerTemplate.retired_at.is_(None)
        )
    ).one_or_none()
    return Start(row.id, SubmissionAction(row.action), row.title, row.words, fits=True) if row is not None else None


def _with_writer() -> Select[AnswerTemplate, str]:
    return select(AnswerTemplate, User.name).join(User, User.id == AnswerTemplate.created_by)


def _row(template: AnswerTemplate, by: str) -> TemplateRow:
    return TemplateRow(
        id=template.id,
        action=SubmissionAction(template.action),
        category=template.category,
        title=template.title,
        words=template.words,
        version=template.version,
        is_retired=template.retired_at is not None,
        by=by,
    )
