"""Matters that the public reads of, and residents who join them, made by the services."""

from intake.domain.language.lexicon import lexicon_of
from intake.domain.release import ReleaseKind
from intake.queries.point import point_by_code
from intake.services.endorse import Endorsed, Endorsing, endorse, read_endorsement
from intake.services.wake import send_wakes
from intake.wiring import Wiring
from tests.factories.matters import topic_row
from tests.factories.releases import drafted, let_out, pooled_topic
from tests.factories.town import Town

TITLE = "幸福里的路灯正在换"


def public_matter(wiring: Wiring, town: Town, *, voices: int = 1, kind: ReleaseKind = ReleaseKind.IN_HAND) -> int:
    """A topic in the pool of which one text is released, in hand unless said otherwise."""
    topic_id = pooled_topic(wiring, town, voices=voices)
    let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, kind=kind, title=TITLE))
    return topic_id


def joined(
    wiring: Wiring,
    town: Town,
    topic_id: int,
    who: str,
    *,
    text: str = "",
    contact: str = "",
    device: str | None = None,
    openid_hash: bytes | None = None,
    code: str | None = None,
) -> Endorsed:
    """`who` joins the matter, by a phone of their own unless `device` names one."""
    with wiring.sessions.begin() as session:
        point = point_by_code(session, code or town.longchi_code)
        assert point is not None
        done = endorse(
            session,
            Endorsing(
                topic_id=topic_id,
                point=point,
                person=wiring.vault.derive("person", who.encode()),
                device=(device or who).encode(),
                openid_hash=openid_hash,
                follower_id=None,
                sentence=read_endorsement(text=text, contact=contact),
                at=wiring.clock.now(),
            ),
            vault=wiring.vault,
            lexicon=lexicon_of(wiring.taxonomy),
        )
    with wiring.sessions() as session:
        send_wakes(session, wiring.queue)
    return done


def number_of(wiring: Wiring, topic_id: int) -> str:
    """What the public calls the topic by."""
    return topic_row(wiring, topic_id).number
