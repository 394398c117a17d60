"""域名校验文件: what the platform asks for under the root of our site before it believes that the site is ours."""

from flask import Blueprint, Response
from werkzeug.routing import BaseConverter

from intake.domain.errors import NotFound
from intake.domain.wechat_verification import NAME_PATTERN
from intake.queries.wechat_desk import verification_text
from intake.web.guard import open_to_all
from intake.web.unit_of_work import db

verification = Blueprint("verification", __name__)


class VerificationName(BaseConverter):
    """Only what can be such a file's name; nothing else under the root comes here."""

    regex = NAME_PATTERN


@verification.get("/<verification:name>")
@open_to_all
def file(name: str) -> Response:
    """The text of the file, from any account in use that has it."""
    text = verification_text(db(), name)
    if text is None:
        raise NotFound("没有这个校验文件。请到公众号设置的“域名校验文件”里填，并启用公众号。")
    return Response(text, mimetype="text/plain")
