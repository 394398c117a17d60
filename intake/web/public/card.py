"""分享: the picture that networks show beside a link to a topic's page."""

from werkzeug.wrappers import Response

from intake.domain.release import KIND_NAMES
from intake.queries.district_profile import district_profile
from intake.queries.public_page import PublicTopic, district_name, public_topic
from intake.web.guard import open_to_all
from intake.web.public.blueprint import public
from intake.web.public.caching import same_for_all
from intake.web.unit_of_work import db, wiring
from qr_assets.card import ShareCard, share_card


@public.get("/t/<number>/card.png")
@open_to_all
def card(number: str) -> Response:
    """1200×630: the latest released title, the place, how far it is, and the code of the page; nothing else of the topic."""
    typed = number.upper()[:40]
    found = public_topic(db(), typed if typed.isascii() and typed.isprintable() else "")
    return same_for_all(Response(share_card(_facts(found)), mimetype="image/png"))


def _facts(found: PublicTopic) -> ShareCard:
    return ShareCard(
        district=district_name(db(), found.district_id),
        place=found.area_name,
        state=KIND_NAMES[found.entries[-1].kind],
        title=found.title,
        address=f"{wiring().settings.base_url}/t/{found.number}",
        colour=district_profile(db(), found.district_id).colour,
    )
