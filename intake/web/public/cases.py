"""办成的事: results with photos from before and after; the photos themselves."""

from flask import render_template, request
from werkzeug.wrappers import Response

from intake.domain.errors import Expired
from intake.domain.release import PHOTO_SIDE_NAMES
from intake.queries.public_cases import cases
from intake.queries.public_photo import public_photo
from intake.services.attachment import small_key
from intake.web.attachments import SANDBOX
from intake.web.guard import open_to_all
from intake.web.public.blueprint import public
from intake.web.public.caching import cacheable, same_for_all
from intake.web.public.scope import scope_asked
from intake.web.unit_of_work import db, wiring


@public.get("/cases")
@open_to_all
def done() -> Response:
    """What came of things, the latest first; the places below on request."""
    scope, after = scope_asked(), request.args.get("after", "")
    page = cases(db(), area=scope.area, after=after)
    return cacheable(render_template("public/cases.html", scope=scope, page=page, sides=PHOTO_SIDE_NAMES, after=after))


@public.get("/t/<number>/photos/<int:photo_id>")
@open_to_all
def photo(number: str, photo_id: int) -> Response:
    """A photo of a released text; `?small=1` a small one. Gone from everywhere a minute after the text is withdrawn."""
    typed = number.upper()[:40]
    key = public_photo(db(), typed if typed.isascii() and typed.isprintable() else "", photo_id)
    response = Response(_bytes(key, small="small" in request.args), mimetype="image/jpeg")
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return same_for_all(response)


def _bytes(key: str, *, small: bool) -> bytes:
    """Read whole: a photo made anew is below a megabyte. Expired when the store has lost it."""
    for one in (small_key(key), key) if small else (key,):
        try:
            with wiring().objects.open(one) as file:
                return file.read()
        except FileNotFoundError:
            continue
    raise Expired("这张照片已经不在了。")
