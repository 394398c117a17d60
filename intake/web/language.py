"""Chinese first; English for whoever asks for it, remembered in a cookie that nothing depends on."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask, Response, g, request
from flask_babel import Babel, format_datetime, get_locale, gettext, ngettext, pgettext
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from intake.domain.receipt import SHANGHAI

CHINESE = "zh_Hans_CN"
LANGUAGES = {"zh": CHINESE, "en": "en"}
PREFERENCES: dict[str, frozenset[str]] = {
    "lang": frozenset(LANGUAGES),
    "care": frozenset({"0", "1"}),
    "mode": frozenset({"auto", "light", "dark"}),
}
"""What a person may choose without an account, by the name of its parameter and cookie: language, large edition, light or dark."""


def chosen() -> str:
    """The locale of this request: ?lang=, else the cookie, else Chinese."""
    if "locale" not in g:  # every sentence of a page asks
        g.locale = LANGUAGES.get(request.args.get("lang") or request.cookies.get("lang") or "zh", CHINESE)
    found: str = g.locale
    return found


def init_language(app: Flask, *, translations: Path) -> None:
    """Translations, and the filters that write times as people say them."""
    app.config["BABEL_DEFAULT_LOCALE"] = CHINESE
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(translations)
    Babel(app, locale_selector=chosen)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # added by jinja2.ext.i18n
        _looked_up, ngettext, newstyle=True, pgettext=_looked_up_as
    )
    app.jinja_env.globals["_"] = _sentence  # a page asks for hundreds, and the extension's own way takes three calls for each
    app.jinja_env.filters["moment"] = moment
    app.jinja_env.filters["filesize"] = filesize
    app.jinja_env.globals["care"] = lambda: _remembered("care") == "1"
    app.jinja_env.globals["mode"] = lambda: _remembered("mode")
    app.jinja_env.globals["switch"] = switch
    app.jinja_env.globals["english"] = lambda: get_locale() is not None and get_locale().language == "en"

    @app.after_request
    def remember(response: Response) -> Response:
        for name, allowed in PREFERENCES.items():
            asked = request.args.get(name)
            if asked in allowed:
                response.set_cookie(name, asked, max_age=31_536_000, samesite="Lax", httponly=True, secure=request.is_secure)
        return response


def _remembered(name: str) -> str:
    """What this request asks for, else what was asked for before; empty where neither is one of the choices."""
    for asked in (request.args.get(name), request.cookies.get(name)):
        if asked in PREFERENCES[name]:
            return str(asked)
    return ""


def switch(**choice: str) -> str:
    """The address of this page with another language, size or mode; what else was asked for stays."""
    return "?" + urlencode({**request.args.to_dict(), **choice})


def translate(words: str, **values: object) -> str:
    """`words`, which are Chinese, in the page's language, with `%(name)s` filled in."""
    found = _looked_up(words)
    return found % values if values else found


@pass_eval_context
def _sentence(context: EvalContext, words: str, /, **values: object) -> str:
    """`words` in the page's language, with `%(name)s` filled in and a doubled `%%` made one, as the extension's gettext does."""
    if not values:
        return _without_values(chosen(), words, safe=context.autoescape)
    found = _looked_up(words)
    return (Markup(found) if context.autoescape else found) % values  # noqa: S704 - sentences of ours: what is filled in is escaped


@lru_cache(maxsize=10_000)
def _without_values(_locale: str, words: str, *, safe: bool) -> str:
    found = _looked_up(words)
    return (Markup(found) if safe else found) % {}  # noqa: S704 - as above


def _looked_up(words: str) -> str:
    return words if chosen() == CHINESE else str(gettext(words))  # Chinese needs no catalogue: the keys are the words


def _looked_up_as(context: str, words: str) -> str:
    """`words` in a sense of their own: 停用 on a button is a verb, elsewhere a state."""
    return words if chosen() == CHINESE else str(pgettext(context, words))


def moment(at: datetime) -> str:
    """11 月 3 日 19:42, in Shanghai; Nov 3, 19:42 in English."""
    locale = get_locale()
    if locale is not None and locale.language == "en":
        return str(format_datetime(at, "MMM d, HH:mm"))
    local = at.astimezone(SHANGHAI)
    return f"{local.month} 月 {local.day} 日 {local:%H:%M}"


def filesize(count: int) -> str:
    """356 字节, 12 KB, 1.2 MB; 356 bytes in English. A thousand is 1,000, as phones and file lists count."""
    if count < 1_000:
        return translate("%(count)s 字节", count=count)
    shown, unit = (count / 1_000, "KB") if count < 999_500 else (count / 1_000_000, "MB") if count < 999_500_000 else (count / 1e9, "GB")
    return f"{shown:.0f} {unit}" if shown >= 10 or unit == "KB" else f"{shown:.1f} {unit}"
