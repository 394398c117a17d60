"""A page is let through only if html5lib would let it through, whatever was read before it."""

import html5lib
import pytest
from flask.testing import FlaskClient
from html5lib.html5parser import ParseError

from tests.factories.town import Town
from tests.web import well_formed
from tests.web.pages import sign_in
from tests.web.well_formed import places_of, read_strictly

PAGE = """<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="c" content='{"a": 1}'><title>路灯 &amp; 井盖</title><link rel="icon" href="/x"><script src="/a.js" defer></script></head>
<body class="desk">
<!-- the menu -->
<nav><ul><li><a href="/m?a=1&amp;b=2">首页</a></li><li><a href="/n"><svg viewBox="0 0 9 9"><path d="M0 0"/></svg><b>二</b></a></li></ul></nav>
<main><h1>题目</h1><p>第一段<br>还有</p><p>第二段</p><div><p>里面</p></div>
<form action="/x" method="post"><label for="a">名</label><input id="a" name="a" value="x&quot;y" required><textarea name="t">字</textarea>
<select name="s"><option value="1" selected>一</option><option value="2">二</option></select><button>发</button></form>
<table><caption>表</caption><thead><tr><th>甲</th><th>乙</th></tr></thead><tbody><tr><td>1</td><td><p>2</p></td></tr></tbody></table>
<dl><dt>何</dt><dd>此</dd></dl></main>
</body>
</html>
"""


@pytest.fixture(autouse=True)
def nothing_met_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(well_formed, "_met", set())


def objects(page: str) -> bool:
    """What html5lib says."""
    try:
        html5lib.HTMLParser(strict=True).parse(page)
    except ParseError:
        return True
    return False


def passes(page: str) -> bool:
    try:
        read_strictly(page)
    except ParseError:
        return False
    return True


def pieces(page: str) -> list[str]:
    """Words and tags, one by one."""
    found = [token[0] for token in well_formed._TOKEN.finditer(page)]
    assert "".join(found) == page
    return found


def broken(page: str) -> set[str]:
    """The page with each piece left out, written twice, put after the next one, closed too early, or with something foreign before it."""
    parts = pieces(page)
    foreign = (
        "<p>",
        "</p>",
        "</div>",
        "<div>",
        "<li>",
        "字",
        "<br/>",
        "<div/>",
        "<tr>",
        "<td>",
        "<form>",
        "<a>",
        "&x",
        "<",
        "\x00",
        "<h2 a a>",
    )
    made: set[str] = set()
    for n, part in enumerate(parts):
        before, after = parts[:n], parts[n + 1 :]
        made.add("".join([*before, *after]))
        made.add("".join([*before, part, part, *after]))
        made.add("".join([*before, *after[:1], part, *after[1:]]))
        made.add("".join([*before, part.replace('"', "", 1), *after]))
        made.update("".join([*before, one, part, *after]) for one in foreign)
    return made - {page}


def test_of_what_is_broken_nothing_passes_after_the_whole_page_was_read() -> None:
    read_strictly(PAGE)
    through = [page for page in broken(PAGE) if (places_of(page) or {page}) <= well_formed._met]
    assert len(through) > 10, "one more of what stands there already is harmless"
    assert [page for page in through if objects(page)] == []


def test_a_page_of_places_that_were_met_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read_strictly(PAGE)
    monkeypatch.setattr(html5lib, "HTMLParser", None)
    longer = PAGE.replace("<dt>何</dt><dd>此</dd>", "<dt>其二</dt><dd>彼</dd>" * 3).replace('name="s"', 'name="z" id="z"')
    assert longer != PAGE
    read_strictly(longer)


@pytest.mark.parametrize(
    "wrong",
    [
        "<p>段<div>块</div></p>",
        "<a href='/'>外<a href='/'>里</a></a>",
        "<b><i>叉</b></i>",
        "<form><div><form></form></div></form>",
        "<ul><li>一<li>二</li></li></ul>",
        '<p id="a" id="b">两个名字</p>',
        "<p>&nosuch;</p>",
        "<p>a & b &lt</p>",
        "<button><button>里</button></button>",
        "<select><option>一</option><div>块</div></select>",
        "<p>段</p></body></html><p>后</p>",
    ],
)
def test_what_is_wrong_is_found_each_time(wrong: str) -> None:
    page = PAGE.replace("<h1>题目</h1>", wrong)
    read_strictly(PAGE)
    for _ in range(2):
        assert not passes(page)


def test_real_pages_are_understood(client: FlaskClient, town: Town) -> None:
    """Otherwise each of them would be read at length every time."""
    jing = sign_in(client, "wangjing")
    for path in ("/d", "/d/topics", "/account"):
        page = jing.get(path)
        assert page.status_code == 200
        assert places_of(page.get_data(as_text=True)) is not None
