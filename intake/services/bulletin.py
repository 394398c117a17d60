"""社情民意信息: drafted from topics, edited, signed on paper and sent upward, taken up at each level; number and signer are recorded, never made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.bulletin import AdoptionKind, AdoptionLevel, BulletinAction, BulletinState
from intake.domain.bulletin_text import TEXT_MAX, TITLE_MAX, TOPICS_MOST, first_text, first_title, to_write
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.personal_data import personal_data
from intake.domain.text import clean, clean_line
from intake.domain.working_days import SHANGHAI
from intake.models import Area, Bulletin, BulletinAdoption, BulletinTopic
from intake.queries.bulletin import drawn_topics, quoted_by, require_bulletins, source_of, taken_back
from intake.queries.quotation import without_erased
from intake.services.audit import record
from intake.services.conversion import bulletin_was_sent
from intake.services.topic_decision import lock_topics
from intake.services.transition import begin, move

SIGNER_MAX, NUMBER_MAX, BODY_MAX, WORDS_MAX = 40, 40, 60, 500


@dataclass(frozen=True, slots=True)
class Editing:
    """What every act on a stored bulletin carries; `version` is the one on the person's screen."""

    actor: Actor
    bulletin_id: int
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AdoptionFacts:
    """Where it was taken up, how, by which body, on which day, and what was said."""

    level: AdoptionLevel
    kind: AdoptionKind
    body: str
    adopted_on: date | None
    words: str


def draft_bulletin(session: Session, *, actor: Actor, topic_ids: Sequence[int], at: datetime) -> Bulletin:
    """Begun from what stands behind the topics now, without words that were taken back or that the actor stepped back from.

    What is too long for a bulletin is cut by people, before it is signed.

    Raises Forbidden for whoever doesn't write for the whole district, NotFound for another district's topic or one that isn't that far,
    InvalidInput (field `topic`) for none or too many.
    """
    require_bulletins(session, actor)
    ids = [*dict.fromkeys(topic_ids)]
    if not ids:
        raise InvalidInput("请先选一个或几个议题，再起草。", field="topic")
    if len(ids) > TOPICS_MOST:
        raise InvalidInput(f"一份信息最多写 {TOPICS_MOST} 个议题，请分成几份。", field="topic")
    lock_topics(session, ids)
    drawn_topics(session, actor, ids)
    sources = [source_of(session, actor, topic_id, at=at) for topic_id in ids]
    assert actor.user_id is not None
    assert actor.district_id is not None
    made = Bulletin(
        district_id=actor.district_id,
        title=first_title(sources),
        text=first_text(sources),
        quoted=sorted({one.submission_id for source in sources for one in source.said}),
        version=1,
        drafted_by=actor.user_id,
        created_at=at,
    )
    begin(session, made, actor=actor, at=at)
    session.add_all(BulletinTopic(bulletin_id=made.id, topic_id=topic_id, district_id=made.district_id) for topic_id in ids)
    _note(session, made, actor=actor, act="draft", at=at, topics=ids)
    session.flush()
    return made


def edit_bulletin(session: Session, editing: Editing, *, title: str, text: str, taken_out: bool) -> Bulletin:
    """Title and text; which words it quotes is read anew. `taken_out`: the person says that erased words no longer stand in it.

    Raises Conflict when somebody was faster or it is signed, InvalidInput (field `title` or `text`).
    """
    found = _lock(session, editing)
    if found.state is not BulletinState.DRAFTED:
        raise Conflict("已经签发或报送的信息不能改。要改的话请先退回修改；您写的还在下面。")
    found.title, found.text = _title(title), _text(text)
    with session.no_autoflush:
        quoted = quoted_by(session, found)
        found.quoted = without_erased(taken_back(session, found), quoted) if taken_out else quoted
    found.version += 1
    _note(session, found, actor=editing.actor, act="edit", at=editing.at)
    session.flush()
    return found


def sign_bulletin(session: Session, editing: Editing, *, signer: str, signed_on: date | None, looked: bool) -> Bulletin:
    """Who signed the paper, and when; from then on the text stands.

    Raises InvalidInput (field `text` for places not written yet or words that were taken back, `looked` for personal data that nobody has
    looked at, `signer`, `signed_on`), Conflict when somebody was faster.
    """
    found = _lock(session, editing)
    _is_complete(session, found)
    if personal_data(f"{found.title}\n{found.text}") and not looked:
        raise InvalidInput("正文里像是有个人信息。请核对，确实要写的，勾上“已核对”再登记。", field="looked")
    name = clean_line(signer, limit=SIGNER_MAX, field="signer")
    if not name:
        raise InvalidInput("请照纸质稿填写签发人。", field="signer")
    day = _past(signed_on, not_before=None, at=editing.at, field="signed_on", words="请填写签发日期，不能晚于今天。")
    _move(session, found, BulletinAction.SIGN, editing)
    found.signer, found.signed_on = name, day
    _note(session, found, actor=editing.actor, act="sign", at=editing.at)
    session.flush()
    return found


def redraft_bulletin(session: Session, editing: Editing) -> Bulletin:
    """Back to be written; the signature was for another text, so it is taken off the record."""
    found = _lock(session, editing)
    _move(session, found, BulletinAction.REDRAFT, editing)
    found.signer, found.signed_on = "", None
    _note(session, found, actor=editing.actor, act="redraft", at=editing.at)
    session.flush()
    return found


def send_bulletin(session: Session, editing: Editing, *, addressed_to: str, sent_on: date | None, issue_number: str) -> Bulletin:
    """Where it went, when, and under which number, if it has one; each of its topics has turned into a bulletin by that.

    Raises InvalidInput (field `addressed_to`, `sent_on` or `issue_number`), Conflict when somebody was faster.
    """
    # Its topics first, as everybody locks them: each gets a conversion.
    lock_topics(session, session.scalars(select(BulletinTopic.topic_id).where(BulletinTopic.bulletin_id == editing.bulletin_id)).all())
    found = _lock(session, editing)
    to = clean_line(addressed_to, limit=BODY_MAX, field="addressed_to")
    if not to:
        raise InvalidInput("请填写报送给哪里。", field="addressed_to")
    number = clean_line(issue_number, limit=NUMBER_MAX, field="issue_number")
    day = _past(sent_on, not_before=found.signed_on, at=editing.at, field="sent_on", words="请填写报送日期，不早于签发，不晚于今天。")
    _move(session, found, BulletinAction.SEND, editing)
    found.addressed_to, found.sent_on, found.issue_number = to, day, number
    bulletin_was_sent(session, found, actor=editing.actor, at=editing.at)
    _note(session, found, actor=editing.actor, act="send", at=editing.at)
    session.flush()
    return found


def abandon_bulletin(session: Session, editing: Editing) -> Bulletin:
    """It isn't sent; it stays readable."""
    found = _lock(session, editing)
    _move(session, found, BulletinAction.ABANDON, editing)
    _note(session, found, actor=editing.actor, act="abandon", at=editing.at)
    session.flush()
    return found


def record_adoption(session: Session, editing: Editing, facts: AdoptionFacts) -> BulletinAdoption:
    """That it was taken up at a level; pressed twice it is written down once.

    Raises Conflict when it wasn't sent or the very same is on record, InvalidInput (field `body`, `adopted_on` or `words`).
    """
    found = _lock(session, editing)
    if found.state is not BulletinState.SENT:
        raise Conflict("还没有报送的信息，没有采用情况可以登记。")
    body = clean_line(facts.body, limit=BODY_MAX, field="body")
    if not body:
        raise InvalidInput("请填写是哪个单位或领导采用的。", field="body")
    words = clean(facts.words).text
    if len(words) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，多了 {len(words) - WORDS_MAX} 个。", field="words")
    day = _past(
        facts.adopted_on, not_before=found.sent_on, at=editing.at, field="adopted_on", words="请填写采用日期，不早于报送，不晚于今天。"
    )
    same = select(BulletinAdoption.id).where(
        BulletinAdoption.bulletin_id == found.id,
        BulletinAdoption.level == facts.level,
        BulletinAdoption.kind == facts.kind,
        BulletinAdoption.body == body,
        BulletinAdoption.adopted_on == day,
        BulletinAdoption.undone_at.is_(None),
    )
    if session.scalar(same) is not None:
        raise Conflict("同样的一条已经登记过了。")
    assert editing.actor.user_id is not None
    made = BulletinAdoption(
        district_id=found.district_id,
        bulletin_id=found.id,
        level=facts.level,
        kind=facts.kind,
        body=body,
        adopted_on=day,
        words=words,
        recorded_by=editing.actor.user_id,
        recorded_at=editing.at,
    )
    session.add(made)
    found.version += 1
    _note(session, found, actor=editing.actor, act="adopt", at=editing.at, level=facts.level.value, kind=facts.kind.value)
    session.flush()
    return made


def take_back_adoption(session: Session, *, actor: Actor, adoption_id: int, at: datetime) -> Bulletin:
    """A wrong entry; NotFound for another district's, Conflict when it was taken back already."""
    require_bulletins(session, actor)
    adoption = session.scalars(
        select(BulletinAdoption).where(BulletinAdoption.id == adoption_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if adoption is None or adoption.district_id != actor.district_id:
        raise NotFound("没有这条采用记录，或者不在您的区。")
    if adoption.undone_at is not None:
        raise Conflict("这一条已经撤回了。")
    adoption.undone_at = at
    found = session.get_one(Bulletin, adoption.bulletin_id)
    _note(session, found, actor=actor, act="unadopt", at=at, adoption=adoption.id)
    session.flush()
    return found


def _lock(session: Session, editing: Editing) -> Bulletin:
    require_bulletins(session, editing.actor)
    found = session.scalars(
        select(Bulletin).where(Bulletin.id == editing.bulletin_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or found.district_id != editing.actor.district_id:
        raise NotFound("没有这份信息，或者不在您的区。")
    if found.version != editing.version:
        raise Conflict("这份信息刚刚有人动过。您写的还在下面，请先看看现在的样子。")
    return found


def _is_complete(session: Session, found: Bulletin) -> None:
    waiting = to_write(found.text)
    if waiting:
        raise InvalidInput(f"正文还有 {waiting} 处没有补写，补好再登记签发。", field="text")
    if len(found.text) > TEXT_MAX:
        raise InvalidInput(f"正文最多 {TEXT_MAX} 个字，多了 {len(found.text) - TEXT_MAX} 个，请改短再登记签发。", field="text")
    gone = len(taken_back(session, found))
    if gone:
        raise InvalidInput(f"正文引用的 {gone} 件来件，居民已经撤回。请先删去那几句，再登记签发。", field="text")


def _title(raw: str) -> str:
    title = clean_line(raw, limit=TITLE_MAX, field="title")
    if not title:
        raise InvalidInput("请写标题。", field="title")
    return title


def _text(raw: str) -> str:
    text = clean(raw).text
    if not text:
        raise InvalidInput("请写正文。", field="text")
    if len(text) > TEXT_MAX:
        raise InvalidInput(f"正文最多 {TEXT_MAX} 个字，多了 {len(text) - TEXT_MAX} 个。", field="text")
    return text


def _past(day: date | None, *, not_before: date | None, at: datetime, field: str, words: str) -> date:
    if day is None or day > at.astimezone(SHANGHAI).date() or (not_before is not None and day < not_before):
        raise InvalidInput(words, field=field)
    return day


def _move(session: Session, found: Bulletin, action: BulletinAction, editing: Editing) -> None:
    path = session.scalars(select(Area.path).where(Area.id == found.district_id)).one()
    move(session, found, action, actor=editing.actor, at=editing.at, area_path=path)


def _note(session: Session, found: Bulletin, *, actor: Actor, act: str, at: datetime, **detail: object) -> None:
    record(
        session,
        actor=actor,
        district_id=found.district_id,
        action=f"bulletin.{act}",
        noun="bulletin",
        entity_id=found.id,
        at=at,
        **detail,
    )
