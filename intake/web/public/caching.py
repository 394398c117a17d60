"""How long others may keep what everybody may read."""

from flask import current_app, make_response, request
from werkzeug.wrappers import Response

from intake.web.follower_cookie import PERSON_COOKIE
from intake.web.language import PREFERENCES
from intake.web.wechat_accounts import inside_wechat

CACHE_SECONDS = 60
"""How long others may keep a page: what is withdrawn may be seen this long, as staff are told (web/district/releases.py)."""


def cacheable(page: str) -> Response:
    """`page` for everybody's caches, with a tag of its content; for somebody who may be signed in, or just chose a language, for nobody's."""
    response = make_response(page)
    # The page is in the language and size that cookies ask for.
    response.vary.add("Cookie")
    signed_in = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    if not signed_in and not PREFERENCES.keys() & request.args.keys():
        # Inside WeChat it may offer the scanner, and to whoever joined a matter it says so: those are no pages for others' caches.
        own = inside_wechat() or PERSON_COOKIE in request.cookies
        response.headers["Cache-Control"] = f"{'private' if own else 'public'}, max-age={CACHE_SECONDS}"
        response.add_etag()
        response.make_conditional(request)
    return response


def same_for_all(response: Response, *, tag: str = "", seconds: int = CACHE_SECONDS) -> Response:
    """A file that is the same for everybody, whoever asks in whatever language; `tag` names its content, made of its bytes where empty."""
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    if tag:
        response.set_etag(tag)
    else:
        response.add_etag()
    return response.make_conditional(request)
