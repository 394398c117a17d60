"""导入的来件: nobody waits behind a row of another system, and it is the office's to decide (docs/adr/0043)."""

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden
from intake.domain.permission import Permission
from intake.domain.submission import Channel
from intake.models import Submission


def refuse_imported(submission: Submission, actor: Actor, *, area_path: str) -> None:
    """Forbidden for who doesn't work imports where the row belongs; nothing for what was said here."""
    if submission.channel is Channel.IMPORT and not actor.may(Permission.IMPORT_MANAGE, area_path=area_path):
        raise Forbidden("这是导入的来件，由区政协工作人员处理，您不用办。")
