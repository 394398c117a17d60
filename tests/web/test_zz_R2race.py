import random, threading, time
from tests.web.test_chat_form import *  # noqa
from tests.web.test_chat_form import aunt, known
from tests.wechat_platform.platform import CallbackError
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import close_drafts, apply_retention

def test_race(known, aunt, wiring, app, town, clock, client):
    wiring.settings = replace(wiring.settings, device_limit='100000/hour', point_limit='100000/hour', address_limit='100000/hour')
    bad, said, end = [], [], time.monotonic() + 25
    cookie = known.get_cookie("zhibao_wx", domain="localhost")
    where = f"https://localhost/p/{town.longchi_code}"
    def mine():
        c = app.test_client(); c.set_cookie("zhibao_wx", cookie.value, secure=True, domain="localhost"); return c
    lock = threading.Lock(); n = [0]
    def word():
        with lock:
            n[0] += 1; return f"第{n[0]}句灯坏了"
    last = [None]
    def chat(r):
        k = r.randrange(10)
        if k < 5:
            w = word(); a = aunt.text(AUNT, w)
            if "没有收" not in a: said.append(w)
            if "draft=" in a: last[0] = link_in(a)
        elif k == 5: aunt.image(AUNT)
        elif k == 6: aunt.text(AUNT, "发送")
        elif k == 7: aunt.text(AUNT, "换社区")
        elif k == 8: aunt.text(AUNT, "1")
        else: aunt.scan(AUNT, scene_of(town.longchi_code))
    def form(r):
        c = mine()
        if last[0] is None: time.sleep(.1); return
        p = "https://localhost" + last[0]
        html = c.get(p).get_data(as_text=True)
        if 'name="draft"' not in html: return
        import re, html as h
        text = h.unescape(re.search(r'<textarea[^>]*>(.*?)</textarea>', html, re.S).group(1))
        a = c.post(p.partition("?")[0], data={"key": hidden(html, "key"), "draft": hidden(html, "draft"), "text": text}, headers={"Origin": "https://localhost"})
        if a.status_code >= 500: bad.append(("form", a.status_code))
    def keepit(r):
        c = mine(); html = c.get(where).get_data(as_text=True); w = word()
        a = c.post(where, data={"key": hidden(html, "key"), "text": w, "keep": "1"}, headers={"Origin": "https://localhost"})
        if a.status_code == 200: said.append(w)
        else: bad.append(("keep", a.status_code, words_of(a)[:120]))
        time.sleep(.05)
    def pausing(r):
        clock.forward(seconds=40); close_drafts.run(); time.sleep(.2)
    def run(act, seed):
        r = random.Random(seed)
        while time.monotonic() < end:
            try: act(r)
            except CallbackError as e: bad.append((act.__name__, str(e)[:30]))
            except Exception as e: bad.append((act.__name__, repr(e)[:300]))
    with jobs_in_this_process(wiring):
        ts = [threading.Thread(target=run, args=(a, i)) for i, a in enumerate((chat, chat, chat, form, keepit, pausing))]
        [t.start() for t in ts]; [t.join() for t in ts]
    aunt.scan(AUNT, scene_of(town.longchi_code))
    for _ in range(3): pause(wiring, clock, minutes=40)
    from collections import Counter
    print("BAD", Counter(str(b) for b in bad).most_common(12))
    with wiring.sessions() as s:
        from intake.models import ChatPart
        kept = {p.words for p in s.query(ChatPart)}
    texts = "\n".join(x.text_written for x in submissions(wiring)).split("\n")
    print("said", len(said), "lost", [w for w in said if w not in kept][:5], "parts not sent", len([w for w in said if w not in texts]), "twice", len([w for w in said if texts.count(w) > 1]), "subs", len(submissions(wiring)), "open", [(d.id, d.point_id, d.closes_at) for d in drafts(wiring) if d.state is DraftState.OPEN])
