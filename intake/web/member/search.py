"""查找: submissions of the member's areas by what residents said, or by the number on a receipt."""

from flask import render_template, request

from intake.domain.permission import Permission
from intake.queries.submission_search import MOST_WORDS, Part, search, worth_looking
from intake.web.asked import one_of, words_asked
from intake.web.guard import actor, requires
from intake.web.member.views import member
from intake.web.unit_of_work import db

__all__ = ["member"]


@member.get("/search")
@requires(Permission.TRIAGE_VIEW)
def find() -> str:
    """What was said, the newest first; keyset pages."""
    words, after = words_asked(), request.args.get("after", "")
    part = one_of(Part, request.args.get("part", ""))
    return render_template(
        "member/search.html",
        words=words,
        part=part,
        after=after,
        page=search(db(), actor(), words, part=part, after=after),
        too_short=bool(words) and not worth_looking(words),
        most_words=MOST_WORDS,
    )
