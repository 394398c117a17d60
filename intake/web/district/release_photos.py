"""公开内容的照片: chosen among those of the residents behind the topic and of the answers to it."""

from dataclasses import replace

from flask import redirect, render_template, request, url_for

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.release import CAPTION_MAX, PHOTO_SIDE_NAMES, PHOTO_SOURCE_NAMES, PHOTOS_MOST, PhotoSide
from intake.queries.release import release_detail
from intake.queries.release_photo import Offered, offered
from intake.services.release_photo import Chosen, choose_photos
from intake.web.asked import one_of, sent
from intake.web.district.releases import Page, releases, releasing_sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db

__all__ = ["releases"]


@releases.get("/<int:release_id>/photos")
@requires(Permission.RELEASE_PREPARE)
def photos(release_id: int) -> Page:
    """What there is to choose from; of a released text its page, which says to withdraw it first."""
    if not release_detail(db(), actor(), release_id).may_edit:
        return redirect(url_for("releases.show", release_id=release_id), code=303)
    return _choosing(release_id)


@releases.post("/<int:release_id>/photos")
@requires(Permission.RELEASE_PREPARE)
def save_photos(release_id: int) -> Page:
    """Keep what was chosen."""
    found = release_detail(db(), actor(), release_id)
    there = offered(db(), topic_id=found.row.topic_id, release_id=release_id)
    picked = [one for one in map(_typed, there) if one.side is not None]
    picked.sort(key=lambda one: (list(PhotoSide).index(one.side or PhotoSide.BEFORE), one.position or PHOTOS_MOST))
    chosen = [Chosen(one.source, one.file_id, one.side, one.caption) for one in picked if one.side is not None]
    try:
        choose_photos(db(), releasing_sent(release_id), chosen, nobody_in_them=request.form.get("nobody") == "1")
    except DomainError as error:
        return _choosing(release_id, error=error)
    return redirect(url_for("releases.show", release_id=release_id, done="saved"), code=303)


def _typed(one: Offered) -> Offered:
    """The photo as the form chose it."""
    number = sent(f"order-{one.key}", longest=2)
    return replace(
        one,
        side=one_of(PhotoSide, request.form.get(f"side-{one.key}", "")),
        position=int(number) if number.isascii() and number.isdecimal() else 0,
        caption=sent(f"caption-{one.key}", longest=400),
    )


def _choosing(release_id: int, *, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    found = release_detail(db(), actor(), release_id)
    there = offered(db(), topic_id=found.row.topic_id, release_id=release_id)
    page = render_template(
        "releases/photos.html",
        release=found,
        photos=tuple(map(_typed, there)) if error is not None else there,
        error=error,
        sides=PHOTO_SIDE_NAMES,
        sources=PHOTO_SOURCE_NAMES,
        most=PHOTOS_MOST,
        caption_max=CAPTION_MAX,
    )
    return (page, status_of(error)) if error is not None else page
