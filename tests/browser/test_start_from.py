"""从常用答复开始 with script: the words come into the box, what was typed stays, and the first gap is ready to be written over."""

import pytest

from intake.services.answer_template import TemplateFacts, create_template
from tests.browser.conftest import Enter, Site
from tests.factories.matters import told
from tests.factories.town import actor

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"


def test_ready_words_are_added_to_what_was_typed(site: Site, enter: Enter) -> None:
    wiring = site.wiring
    facts = TemplateFacts("answer", "", "已经联系好", "物业〔哪一天〕来修，请〔做什么〕。")
    with wiring.sessions.begin() as session:
        staff = actor(session, site.users["wangjing"])
        create_template(session, facts, actor=staff, taxonomy=wiring.taxonomy, at=wiring.clock.now())
    card = told(wiring, LONGCHI, "幸福里路灯坏了")
    member = enter()
    member.is_signed_in("zhou")
    member.open(f"/m/cards/{card.submission_id}?panel=answer")
    way = member.page.locator("#way-answer")
    box = way.locator("textarea")
    for typed, expected in (("", facts.words), ("您好。", f"您好。\n{facts.words}")):
        box.fill(typed)
        way.get_by_text("从常用答复开始").click()
        way.get_by_text("已经联系好").click()
        assert box.input_value() == expected
        assert box.evaluate("one => one.value.slice(one.selectionStart, one.selectionEnd)") == "〔哪一天〕"
    assert member.path.endswith("?panel=answer")
