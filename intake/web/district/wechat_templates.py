"""通知模板 of an account: which template carries which notice, and what the resident reads in it."""

from flask import redirect, render_template, request, url_for

from intake.domain.errors import DomainError
from intake.domain.notice_fields import template_values
from intake.domain.notification import NoticeChannel, NoticeKind
from intake.domain.permission import Permission
from intake.domain.wechat_finding import LISTED
from intake.domain.wechat_template import (
    FACT_NAMES,
    MOST_FIELDS,
    NOTICE_NAMES,
    SAMPLES,
    TEMPLATE_CHANNELS,
    TEMPLATE_ID_MAX,
    channels_for,
)
from intake.queries.wechat_desk import templates_of
from intake.services.wechat_template import drop_template, set_template
from intake.web.asked import needed, sent, typed, version_sent
from intake.web.district.wechat import Page, own, wechat_desk
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

LINES = range(1, MOST_FIELDS + 1)


@wechat_desk.get("/<int:account_id>/templates")
@requires(Permission.WECHAT_MANAGE)
def templates(account_id: int) -> Page:
    """What is set, with a preview, and a form for another; `?template=` brings one back into the form."""
    return _templates(account_id, None)


@wechat_desk.post("/<int:account_id>/templates")
@requires(Permission.WECHAT_MANAGE)
def save_template(account_id: int) -> Page:
    """Let a template carry a notice."""
    try:
        set_template(
            db(),
            actor=actor(),
            account_id=own(account_id).id,
            version=version_sent(),
            kind=needed(NoticeKind, "kind"),
            channel=needed(NoticeChannel, "channel"),
            template_id=sent("template_id"),
            fields=[(sent(f"field-{number}"), sent(f"fact-{number}")) for number in LINES],
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _templates(account_id, typed(), error=error)
    return redirect(url_for("wechat_desk.templates", account_id=account_id, done=1), code=303)


@wechat_desk.post("/<int:account_id>/templates/<int:template_id>/drop")
@requires(Permission.WECHAT_MANAGE)
def remove_template(account_id: int, template_id: int) -> Page:
    """Take one away."""
    try:
        drop_template(
            db(), actor=actor(), account_id=own(account_id).id, version=version_sent(), template_id=template_id, at=wiring().clock.now()
        )
    except DomainError as error:
        db().rollback()
        return _templates(account_id, None, error=error)
    return redirect(url_for("wechat_desk.templates", account_id=account_id, done=1), code=303)


def _templates(account_id: int, values: dict[str, str] | None, *, error: DomainError | None = None) -> Page:
    found = own(account_id)
    rows = templates_of(db(), found.id)
    if values is None:
        chosen = next((row for row in rows if str(row.id) == request.args.get("template", "")), None)
        values = {}
        if chosen is not None:
            values = {"kind": chosen.kind.value, "channel": chosen.channel.value, "template_id": chosen.template_id}
            for number, (name, fact) in enumerate(chosen.fields.items(), start=1):
                values |= {f"field-{number}": name, f"fact-{number}": fact}
    page = render_template(
        "wechat_desk/templates.html",
        account=found,
        rows=[(row, tuple(template_values(row.fields, SAMPLES, when=wiring().clock.now()).items())) for row in rows],
        missing=[name for kind, name in NOTICE_NAMES.items() if kind not in {row.kind for row in rows}],
        listed_at_check=[
            (LISTED[one.code], *one.detail.split(" ", 1)) for one in found.findings if one.code in LISTED and " " in one.detail
        ],
        channels=channels_for(found.kind),
        channel_names={channel: name for channel, (name, _needed) in TEMPLATE_CHANNELS.items()},
        notices=NOTICE_NAMES,
        facts_known=FACT_NAMES,
        lines=LINES,
        id_max=TEMPLATE_ID_MAX,
        values=values,
        error=error,
        done=_("已保存，从下一条通知起按新的来。") if "done" in request.args else "",
    )
    return (page, status_of(error)) if error is not None else page
