"""The title of a topic, from the resident's own words."""

from intake.domain.language.title import title_for


def test_blanks_around_a_house_number_do_not_cut_the_place_off() -> None:
    assert title_for("幸福里 5 号楼后面垃圾桶满了三天没人收，苍蝇很多").startswith("幸福里5号楼后面垃圾桶")
    assert title_for("幸福里 3 号楼到菜场那段路，路灯坏了快一个月").startswith("幸福里3号楼")


def test_a_house_number_at_the_very_start_belongs_to_the_place() -> None:
    assert title_for("3 号楼路灯坏了，晚上看不见路") == "3号楼路灯坏了"
    assert title_for("12 栋电梯停了三天") == "12栋电梯停了三天"
