"""probe"""
import threading
from urllib.parse import quote
import pytest
from flask import Flask
from tests.factories.town import Town, actor
from tests.factories.wechat import CALLBACK_KEY, make_account
from tests.web.inside_wechat import WECHAT, telephone, AUNT
from tests.web.pages import hidden, sign_in, words_of
from tests.web.test_wechat_recognition import served
from intake.wiring import Wiring

NASTY = ["a%00b", "%ff%fe", "%ED%A0%80", "x"*3000, "..%2f..%2fetc", "%F0%9F%98%80", "'%22<script>"]

@pytest.mark.parametrize("bad", NASTY)
def test_keys(app: Flask, served, town: Town, bad):
    phone = telephone(app, served)
    out = {}
    for path in (f"/wechat/{bad}/enter", f"/wechat/{bad}/back", f"/wechat/{bad}/js-config?url=https://zhibao.example/", f"/wechat/{bad}", f"/bind/{bad}", f"/c/{bad}", f"/wechat/{CALLBACK_KEY}/enter?next={bad}", f"/wechat/{CALLBACK_KEY}/back?next=/{bad}&code={bad}&state={bad}", f"/wechat/{CALLBACK_KEY}/js-config?url=https://zhibao.example/{bad}", f"/mine?after={bad}", f"/sign-in/wechat?next=/{bad}", f"/MP_verify_{bad}.txt", f"/p/{town.longchi_code}?c={bad}", f"/p/{town.longchi_code}?draft={bad}"):
        out[path[:70]] = phone.get(path).status_code
    assert not {k: v for k, v in out.items() if v >= 500}

@pytest.mark.parametrize("value", ["é", "\xff", "周"])
def test_state_cookie(app: Flask, served, town: Town, value):
    phone = telephone(app, served)
    back = phone.on(phone.get(f"/p/{town.longchi_code}"))
    phone.client = app.test_client(use_cookies=False)
    a = phone.client.get(back, headers={**WECHAT, "Cookie": "zhibao_wx_state=" + value.encode().decode("latin-1")})
    assert a.status_code < 500
    for n in ("zhibao_wx", "zhibao_wx_tried", "zhibao"):
        a = phone.client.get("/mine", headers={**WECHAT, "Cookie": f"{n}=" + value.encode().decode("latin-1")})
        assert a.status_code < 500

def test_raw_query(app: Flask, served, town: Town):
    phone = telephone(app, served)
    a = phone.client.get(f"/p/{town.longchi_code}", headers=WECHAT, environ_overrides={"QUERY_STRING": "x=\xc1\xff"})
    b = phone.client.get("/d/campaigns", environ_overrides={"QUERY_STRING": "x=\xc1\xff"})
    assert (a.status_code < 500, b.status_code < 500) == (True, True)

def test_nul_forms(app: Flask, served, town: Town, wiring: Wiring):
    jing = sign_in(app.test_client(), "wangjing")
    tok = lambda p: hidden(p.client.get("/sign-in").get_data(as_text=True), "csrf_token")
    out = {}
    base = dict(name="a", partner="b", area=str(town.district_id), point_code="", starts_on="2026-11-03", ends_on="")
    for k in base:
        for bad in ("a\x00b", "\ud7ff\U0001f600"*200, "9"*30, "9999-12-31", "0001-01-01", "-1"):
            r = jing.client.post("/d/campaigns/new", data={"csrf_token": tok(jing), **base, k: bad})
            out[(k, bad[:6])] = r.status_code
    for q in ("area=%00", "area=9999999999999999999", "area=1&point=%ff"):
        out[q] = jing.client.get(f"/d/campaigns/new?{q}").status_code
    for q in ("q=%00", "after=99999999999999999999", "q=%25", "after=%00"):
        out[q] = jing.client.get(f"/d/campaigns?{q}").status_code
    chen = sign_in(app.test_client(), "chenli")
    good = dict(kind="service", name="n", app_id="wx0123456789abcde0", original_id="gh_000000000001", active="", token="", aes_key="", secret="")
    for k in good:
        for bad in ("a\x00b", "\U0001f600"*200, "9"*3000, "\u202e"):
            r = chen.client.post("/d/wechat/new", data={"csrf_token": tok(chen), **good, k: bad})
            out[("wx", k, bad[:6])] = r.status_code
    for page, names in (("menu", ["name-1","path-1"]), ("verification", ["verify_name","verify_text"]), ("templates", ["kind","channel","template_id","field-1","fact-1","version"])):
        for k in names:
            for bad in ("a\x00b", "/\x00", "/%00", "//x", "/p/\u2028", "\U0001f600"*200, "9"*3000, "/[", "/]", "/p/<x>", "/d|e"):
                r = chen.client.post(f"/d/wechat/1/{page}", data={"csrf_token": tok(chen), "version": "1", k: bad, "name-1": "a", **{k: bad}})
                out[(page, k, bad[:6])] = r.status_code
    for q in ("template=%00", "template=x"):
        out[q] = chen.client.get(f"/d/wechat/1/templates?{q}").status_code
    assert not {k: v for k, v in out.items() if v >= 500}
