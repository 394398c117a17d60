import datetime as dt
from collections import Counter

from config.taxonomy import default_taxonomy
from intake.domain.language.grams import grams_of
from intake.domain.language.lexicon import lexicon_of
from intake.domain.language.matching_form import matching_form
from intake.domain.language.places import places_in
from workers.triage.same_matter import Candidate, Incoming, SameMatter, decide

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
LONGCHI, SHUYUAN = 1, 2


def grams(text: str) -> tuple[int, ...]:
    return grams_of(matching_form(text))


def earlier(number: int, text: str, *, topic: int | None = None, area: int = LONGCHI, days: int = 3) -> Candidate:
    return Candidate(number, topic, grams(text), text, area, NOW - dt.timedelta(days=days))


def ask(text: str, *candidates: Candidate, area: int = LONGCHI) -> SameMatter:
    df = Counter(gram for candidate in candidates for gram in candidate.grams)
    incoming = Incoming(text, grams(text), area, NOW)
    return decide(incoming, candidates, df=df, total=200, lexicon=lexicon_of(default_taxonomy()), window_days=90)


def test_the_same_place_and_problem_join_a_topic_with_reasons_a_member_can_check() -> None:
    decision = ask("幸福里路灯又不亮了，老人不敢下楼", earlier(7, "幸福里3栋楼下的路灯坏了", topic=40))
    assert (decision.kind, decision.topic_id, decision.submission_id) == ("attach", 40, None)
    assert [reason.words for reason in decision.reasons][:2] == ["同一地点：幸福里", "同一问题：路灯"]
    assert decision.reasons[-1].words == "相隔 3 天"


def test_a_lone_earlier_message_is_named_so_that_the_two_can_make_a_topic() -> None:
    decision = ask("幸福里路灯又不亮了，老人不敢下楼", earlier(7, "幸福里3栋楼下的路灯坏了"))
    assert (decision.kind, decision.topic_id, decision.submission_id) == ("attach", None, 7)


def test_the_same_problem_at_another_estate_stays_apart() -> None:
    decision = ask("书院弄路灯坏了，黑漆漆的", earlier(7, "幸福里路灯坏了，黑漆漆的", topic=40), area=SHUYUAN)
    assert decision.kind != "attach"


def test_the_same_problem_at_two_estates_of_one_community_stays_apart() -> None:
    decision = ask("紫薇苑停车难，晚上没车位", earlier(7, "幸福里停车难，晚上没车位", topic=40))
    assert decision.kind != "attach"


def test_another_problem_at_the_same_estate_stays_apart() -> None:
    decision = ask("幸福里停车太难了，外来车随便进", earlier(7, "幸福里路灯坏了好几盏，求修", topic=40))
    assert decision.kind != "attach"


def test_different_words_for_one_problem_still_meet() -> None:
    decision = ask("幸福里晚上黑灯瞎火，全靠手机照", earlier(7, "幸福里北门那段路没有灯，摸黑走", topic=40))
    assert decision.kind in {"attach", "unsure"}
    assert decision.topic_id == 40


def test_category_and_urgency_never_block_a_join() -> None:
    decision = ask(
        "双井路搅拌站扬尘，阳台一层灰",
        earlier(7, "双井路搅拌站半夜还在生产，吵", topic=40),
        earlier(8, "双井路搅拌站的灰太大", topic=40),
    )
    assert decision.kind == "attach"


def test_messages_older_than_the_window_are_passed_over() -> None:
    assert ask("幸福里路灯坏了", earlier(7, "幸福里路灯坏了", topic=40, days=91)).kind == "open"


def test_other_topics_worth_a_look_are_listed_best_first() -> None:
    decision = ask(
        "幸福里路灯坏了，楼下黑漆漆",
        earlier(7, "幸福里路灯坏了，晚上黑漆漆", topic=40),
        earlier(8, "幸福里路灯不亮", topic=41),
        earlier(9, "幸福里的路灯时亮时不亮", topic=42),
    )
    assert decision.topic_id == 40
    assert {topic for topic, _ in decision.others} == {41, 42}
    scores = [score for _, score in decision.others]
    assert scores == sorted(scores, reverse=True)


def test_nothing_alike_stands_alone() -> None:
    assert ask("图书室晚上能不能开", earlier(7, "幸福里路灯坏了", topic=40)).kind == "open"
    assert ask("图书室晚上能不能开").kind == "open"


def test_places_are_read_without_what_people_say_before_them() -> None:
    table = {
        "我们幸福里小区里面灯都不亮了": ("幸福里小区",),
        "强烈要求双井路搅拌站搬迁": ("双井路搅拌站",),
        "书院弄路灯灭了": ("书院弄",),
        "南塍路和云泊大道路口有个井盖": ("南塍路", "云泊大道"),
        # Words that only end like a place.
        "家里人走路都怕，马路对面的下水道": (),
        "我们小区门口": (),
    }
    assert {text: places_in(text) for text in table} == table
