"""Categories that a district removed from its file stay readable."""

from dataclasses import replace

from flask import Flask

from config.taxonomy import Taxonomy, default_taxonomy
from intake.web.labels import category_name
from intake.wiring import Wiring


def test_a_removed_category_keeps_its_name_and_an_unknown_one_says_so(app: Flask, wiring: Wiring) -> None:
    groups = default_taxonomy().groups
    gone = groups[0].categories[0]
    wiring.taxonomy = Taxonomy((replace(groups[0], categories=groups[0].categories[1:]), *groups[1:]))
    with app.test_request_context("/"):
        assert category_name(gone.code) == gone.name
        assert category_name("never-heard-of") == "已停用的类别"
        assert category_name(None) == "类别拿不准"
