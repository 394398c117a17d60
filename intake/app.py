"""The only application factory."""

from datetime import timedelta
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from intake.domain.permission import Permission
from intake.domain.transition import LABELS
from intake.web.account.second_factor import account
from intake.web.api.pages import api
from intake.web.assets_manifest import init_assets
from intake.web.attachments import attachments
from intake.web.city.views import city
from intake.web.community.views import community
from intake.web.compress import init_compress
from intake.web.deadlines import init_deadlines
from intake.web.department.contact import department_desk
from intake.web.department.instructions import unit_instructions
from intake.web.district.api_keys import api_keys
from intake.web.district.approvals import approvals, init_approvals
from intake.web.district.audit_page import audit
from intake.web.district.bulletins import bulletins
from intake.web.district.campaigns import campaigns
from intake.web.district.conversions import conversions
from intake.web.district.coverage import reach
from intake.web.district.dashboard import dashboards
from intake.web.district.departments import units
from intake.web.district.duty import duty_desk
from intake.web.district.figures import district_figures
from intake.web.district.funnel import point_use
from intake.web.district.groups import groups
from intake.web.district.import_rows import import_rows
from intake.web.district.imports import imports
from intake.web.district.instructions import instructions
from intake.web.district.invitations import people
from intake.web.district.lists import lists
from intake.web.district.members import members
from intake.web.district.notices import notices
from intake.web.district.open_calls import open_calls
from intake.web.district.origins import origins
from intake.web.district.paper import follow
from intake.web.district.plan_reports import plans_desk
from intake.web.district.pool import topics_pool
from intake.web.district.posters import posters
from intake.web.district.profile import profile
from intake.web.district.release_photos import releases
from intake.web.district.rounds import screening
from intake.web.district.scenes import places
from intake.web.district.templates import answer_templates
from intake.web.district.upward import init_upward, upward
from intake.web.district.venues import venues
from intake.web.district.views import district
from intake.web.district.wechat_pages import wechat_desk
from intake.web.district.years import years
from intake.web.duty.banner import init_alarm_banner
from intake.web.duty.views import alarms
from intake.web.errors import init_errors
from intake.web.footer import init_footer
from intake.web.guard import current_actor, init_guard
from intake.web.headers import init_headers
from intake.web.labels import init_labels
from intake.web.language import init_language
from intake.web.member.pages import member
from intake.web.menu import init_menu
from intake.web.numbers import RowId
from intake.web.office.views import office
from intake.web.public.calls import init_running_calls
from intake.web.public.campaign import campaign
from intake.web.public.views import public
from intake.web.raw_query import init_raw_query
from intake.web.resident.around import init_around
from intake.web.resident.endorse import init_endorse
from intake.web.resident.notice import notices as notice_links
from intake.web.resident.open_call import init_calls
from intake.web.resident.similar import init_similar
from intake.web.resident.views import resident
from intake.web.said import said
from intake.web.style_guide import init_style_guide
from intake.web.templating import Templates
from intake.web.unit_of_work import init_unit_of_work
from intake.web.uploads import init_uploads
from intake.web.wechat.js_config import wechat
from intake.web.wechat.verification import VerificationName, verification
from intake.web.wechat_accounts import init_wechat_accounts
from intake.wiring import Wiring

TRANSLATIONS = Path(__file__).parent / "translations"


def create_app(wiring: Wiring) -> Flask:
    """A Flask application on `wiring`; it reads no environment and opens no connection."""
    settings = wiring.settings
    app = Flask("intake.web", static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=wiring.vault.derive("session-cookie", b"").hex(),
        MAX_CONTENT_LENGTH=512 * 1024,
        MAX_FORM_MEMORY_SIZE=512 * 1024,
        MAX_FORM_PARTS=50,
        SESSION_COOKIE_NAME="zhibao",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=settings.session_hours * 3600,
        WTF_CSRF_SSL_STRICT=False,
    )
    app.jinja_environment = Templates
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["wiring"] = wiring
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies, x_host=settings.trusted_proxies
        )
    init_raw_query(app)
    init_language(app, translations=TRANSLATIONS)
    # Flask runs after-request hooks last-registered first: headers are added to what the unit of work let through.
    init_headers(app, https=settings.base_url.startswith("https://"))
    init_compress(app)
    init_unit_of_work(app)
    init_uploads(app)
    init_guard(app)
    init_errors(app)
    init_assets(app)
    init_labels(app)
    init_deadlines(app)
    init_footer(app)
    init_around(app)
    init_calls(app)
    init_running_calls(app)
    init_similar(app)
    init_endorse(app)
    init_wechat_accounts(app)
    init_alarm_banner(app)
    init_menu(app)
    init_approvals(app)
    init_upward(app)
    app.url_map.converters["int"] = RowId
    app.url_map.converters["verification"] = VerificationName
    for blueprint in (
        public,
        resident,
        notice_links,
        community,
        account,
        member,
        district,
        screening,
        topics_pool,
        places,
        people,
        units,
        groups,
        members,
        venues,
        reach,
        profile,
        wechat,
        wechat_desk,
        verification,
        campaign,
        campaigns,
        open_calls,
        answer_templates,
        alarms,
        releases,
        posters,
        imports,
        import_rows,
        district_figures,
        dashboards,
        city,
        notices,
        lists,
        instructions,
        bulletins,
        conversions,
        audit,
        approvals,
        upward,
        unit_instructions,
        office,
        follow,
        department_desk,
        attachments,
        said,
        api,
        api_keys,
        duty_desk,
        years,
        plans_desk,
        origins,
        point_use,
    ):
        app.register_blueprint(blueprint)
    init_style_guide(app, production=settings.is_production)
    app.jinja_env.globals.update(
        labels=LABELS, settings=settings, permission=Permission, person=current_actor, has_page=app.view_functions.__contains__
    )
    return app
