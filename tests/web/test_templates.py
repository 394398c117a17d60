"""What templates stand on: sentences said as Jinja's own extension says them, and globals that no template changes for the others."""

from collections.abc import Mapping

import pytest
from flask import Flask
from jinja2 import DictLoader
from markupsafe import Markup

from intake.web.templating import Templates


def shown(app: Flask, template: str, *, name: str = "page.html", lang: str = "zh", **given: object) -> str:
    environment = app.jinja_env.overlay(loader=DictLoader({name: template}), cache_size=0, bytecode_cache=None)
    with app.test_request_context("/", query_string={"lang": lang}):
        return environment.get_template(name).render(**given)


# What a sentence may hold: nothing, values of any kind, a doubled percent sign with and without values, what has to be escaped.
SENTENCES: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("议题筛选", {}),
    ("相似 80%% 以上", {}),
    ("在看板上 %(among)s 个议题的前 10%%。", {"among": 120}),
    ("含有“%(words)s”的议题", {"words": "<b>路灯</b> & 100%"}),
    ("含有“%(words)s”的议题", {"words": Markup("<b>路灯</b>")}),
    ("含有“%(words)s”的议题", {"words": "%(words)s %%"}),
    ("没有这句 <b>话</b> & 别的", {}),
    ("没有这句 <b>话</b>：%(context)s", {"context": "<i>"}),
)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", ["page.html", "letter.txt"])
@pytest.mark.parametrize(("words", "values"), SENTENCES)
def test_a_sentence_is_said_as_the_extension_says_it(app: Flask, words: str, values: Mapping[str, object], name: str, lang: str) -> None:
    given = "".join(f", {one}=given.{one}" for one in values)
    for said in (f"{{{{ %s(words{given}) }}}}", f"{{%% set kept = %s(words{given}) %%}}{{{{ kept }}}}|{{{{ kept ~ '<' }}}}"):
        ours, theirs = (shown(app, said % function, name=name, lang=lang, words=words, given=values) for function in ("_", "gettext"))
        assert ours == theirs
    for escaped in ("true", "false"):
        inside = f"{{%% autoescape {escaped} %%}}{{{{ %s(words{given}) }}}}{{%% endautoescape %%}}"
        ours, theirs = (shown(app, inside % function, name=name, lang=lang, words=words, given=values) for function in ("_", "gettext"))
        assert ours == theirs


def test_what_is_kept_of_a_sentence_is_of_its_language_and_of_its_kind_of_page(app: Flask) -> None:
    for _ in range(2):
        assert shown(app, "{{ _('议题筛选') }}") == "议题筛选"
        assert shown(app, "{{ _('议题筛选') }}", lang="en") == shown(app, "{{ gettext('议题筛选') }}", lang="en") != "议题筛选"
        assert shown(app, "{{ _('<b>') ~ words }}", words="<i>") == "<b>&lt;i&gt;", (
            "a sentence is safe on a page, what stands beside it isn't"
        )
        assert shown(app, "{{ _('<b>') ~ words }}", name="letter.txt", words="<i>") == "<b><i>"


def test_a_sentence_in_a_sense_of_its_own_and_of_several_is_said_as_before(app: Flask) -> None:
    assert shown(app, "{{ pgettext('button', '不立项') }}") == "不立项"
    assert shown(app, "{{ pgettext('button', '不立项') }}", lang="en") != "不立项"
    assert shown(app, "{{ ngettext('%(num)s 件', '%(num)s 件', 3) }}") == "3 件"


def test_macros_loops_and_included_parts_say_their_sentences(app: Flask) -> None:
    macro = "{% macro one(words) %}{{ _('含有“%(words)s”的议题', words=words) }}{% endmacro %}"
    rest = "{% for each in given %}{{ one(each) }}{{ _('议题筛选') }}{% endfor %}{% block body scoped %}{{ _('议题筛选') }}{% endblock %}"
    assert shown(app, macro + rest, given=["<", "b"]) == "含有“&lt;”的议题议题筛选含有“b”的议题议题筛选议题筛选"


def test_templates_share_the_applications_globals_and_none_changes_them(app: Flask) -> None:
    assert isinstance(app.jinja_env, Templates)
    environment = app.jinja_env.overlay(loader=DictLoader({"one": "{% set settings = 'mine' %}{{ settings }}", "other": "{{ mine }}"}))
    before = dict(app.jinja_env.globals)
    with app.test_request_context("/"):
        assert environment.get_template("one").render() == "mine"
        assert environment.get_template("other").render() == ""
        # One that is known already and is then given some keeps them to itself.
        assert environment.get_template("other", globals={"mine": "given"}).render() == "given"
        assert environment.get_template("other").render() == ""
    assert app.jinja_env.globals == before
