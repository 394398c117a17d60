"""常用答复: written, changed and retired by staff; a new district starts with the ones that are shipped."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.answer_templates import default_templates
from config.taxonomy import Taxonomy
from intake.domain.actor import Actor
from intake.domain.answer_template import ACTION_NAMES, TITLE_MAX, WORDS_MAX
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.text import clean, clean_line
from intake.models import AnswerTemplate
from intake.queries.answer_template import has_templates, keeps_templates
from intake.services.audit import record


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """What stands in its form; `action` is a SubmissionAction's value, `category` a code of the taxonomy or empty for all."""

    action: str
    category: str
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Changing:
    """What every act on a stored template carries; `version` is the one on the person's screen."""

    actor: Actor
    template_id: int
    version: int
    at: datetime


def create_template(session: Session, facts: TemplateFacts, *, actor: Actor, taxonomy: Taxonomy, at: datetime) -> AnswerTemplate:
    """A new one; InvalidInput naming the field, Forbidden without the permission."""
    district_id = _district(session, actor)
    facts = _checked(facts, taxonomy)
    return _added(session, facts, district_id=district_id, by=_user(actor), at=at, actor=actor)


def change_template(session: Session, changing: Changing, facts: TemplateFacts, *, taxonomy: Taxonomy) -> AnswerTemplate:
    """Write it anew; raises InvalidInput naming the field, NotFound, Conflict when somebody was faster or it is retired."""
    template = _lock(session, changing)
    if template.retired_at is not None:
        raise Conflict("这一条已经停用，不能再改。可以恢复使用，或者另写一条。")
    facts = _checked(facts, taxonomy)
    template.action, template.category, template.title, template.words = facts.action, facts.category or None, facts.title, facts.words
    _changed(session, changing, template, "change")
    return template


def retire_template(session: Session, changing: Changing) -> None:
    """Nothing starts from it any more; what was sent stays. Raises NotFound, Conflict when somebody was faster."""
    template = _lock(session, changing)
    template.retired_at = changing.at
    _changed(session, changing, template, "retire")


def bring_back_template(session: Session, changing: Changing) -> None:
    """In use again; raises NotFound, Conflict when somebody was faster."""
    template = _lock(session, changing)
    template.retired_at = None
    _changed(session, changing, template, "bring_back")


def take_defaults(session: Session, *, actor: Actor, at: datetime) -> int:
    """The shipped ones, for a district that has none; returns how many. Conflict where there are some already."""
    district_id = _district(session, actor)
    if has_templates(session, district_id):
        raise Conflict("本区已经有常用答复，不再放入这一套。")
    return seed_defaults(session, actor=actor, district_id=district_id, by=_user(actor), at=at)


def seed_defaults(session: Session, *, actor: Actor, district_id: int, by: int, at: datetime) -> int:
    """The shipped ones in the name of `by`; returns how many. Nothing where the district has some."""
    if has_templates(session, district_id):
        return 0
    shipped = default_templates()
    for one in reversed(shipped):  # the youngest stands first
        facts = TemplateFacts(one.action, one.category or "", one.title, one.words)
        _added(session, facts, district_id=district_id, by=by, at=at, actor=actor)
    return len(shipped)


def _added(session: Session, facts: TemplateFacts, *, district_id: int, by: int, at: datetime, actor: Actor) -> AnswerTemplate:
    template = AnswerTemplate(
        district_id=district_id,
        action=facts.action,
        category=facts.category or None,
        title=facts.title,
        words=facts.words,
        created_by=by,
        version=1,
        created_at=at,
    )
    session.add(template)
    session.flush()
    _note(session, actor, template, "create", at=at)
    return template


def _lock(session: Session, changing: Changing) -> AnswerTemplate:
    _district(session, changing.actor)
    template = session.scalars(
        select(AnswerTemplate).where(AnswerTemplate.id == changing.template_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if template is None or template.district_id != changing.actor.district_id:
        raise NotFound("没有这条常用答复，或者不在您的区。")
    if template.version != changing.version:
        raise Conflict("这一条刚刚有人改过。您写的还在下面，请先看看现在的内容。")
    return template


def _changed(session: Session, changing: Changing, template: AnswerTemplate, act: str) -> None:
    template.version += 1
    _note(session, changing.actor, template, act, at=changing.at)
    session.flush()


def _note(session: Session, actor: Actor, template: AnswerTemplate, act: str, *, at: datetime) -> None:
    record(
        session,
        actor=actor,
        district_id=template.district_id,
        action=f"answer_template.{act}",
        noun="answer_template",
        entity_id=template.id,
        at=at,
    )


def refuse_others(session: Session, actor: Actor) -> None:
    """Forbidden for whoever doesn't keep them for the whole district."""
    _district(session, actor)


def _district(session: Session, actor: Actor) -> int:
    if not keeps_templates(session, actor) or actor.district_id is None:
        raise Forbidden("常用答复全区共用，由区里统一维护。要改的，请告诉区政协办公室。")
    return actor.district_id


def _user(actor: Actor) -> int:
    assert actor.user_id is not None
    return actor.user_id


def _checked(facts: TemplateFacts, taxonomy: Taxonomy) -> TemplateFacts:
    if facts.action not in {action.value for action in ACTION_NAMES}:
        raise InvalidInput("请选这一条用在哪一步。", field="action")
    if facts.category and facts.category not in {one.code for one in taxonomy.categories}:
        raise InvalidInput("没有这个类别，请重新选。", field="category")
    title = clean_line(facts.title, limit=TITLE_MAX, field="title")
    if not title:
        raise InvalidInput("请起个名字，比如“已经联系好，定了时间”，方便委员挑。", field="title")
    words = clean(facts.words).text
    if not words:
        raise InvalidInput("请写居民会读到的话；要委员填的地方用〔〕括起来，比如〔哪一天〕。", field="words")
    if len(words) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，请写短一点。", field="words")
    return TemplateFacts(facts.action, facts.category, title, words)
