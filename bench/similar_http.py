"""What is noticed while somebody writes, over HTTP: matters nearby, a lawful route, personal data; beside a million submissions."""

import http.client
import time
from collections.abc import Callable
from urllib.parse import urlencode

import psycopg

RELEASED = 2_000
"""Released texts of the district, four times what is looked through."""
ASKED, WARM = 300, 20
WANTED_MS = 60.0


def release_some(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let out a text of each of the RELEASED first topics, in words of the messages behind them; half of the topics go on."""
    with owner.transaction():
        owner.execute(
            """
            INSERT INTO releases (district_id, topic_id, area_id, kind, title, words, people, state, state_changed_at, prepared_by,
                released_by, released_at, version, created_at)
            SELECT t.district_id, t.id, t.area_id, 'in_hand', left(s.text_masked, 40), left(s.text_masked, 200), 10, 'released', t.last_at,
                u.id, u.id, t.last_at, 1, t.last_at
            FROM (SELECT * FROM topics ORDER BY id LIMIT %s) t
            JOIN submissions s ON s.id = t.id
            CROSS JOIN (SELECT id FROM users ORDER BY id LIMIT 1) u
            """,
            (RELEASED,),
        )
    owner.execute("VACUUM (ANALYZE) releases")


def over_http(port: int, code: str, message: Callable[[], str]) -> list[float]:
    """Milliseconds of each look on one connection, the words growing as somebody types them; those that fill a process's memory left out."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    took: list[float] = []
    for turn in range(WARM + ASKED):
        body = urlencode({"q": f"{message()}，电话13800000021"})
        begun = time.perf_counter()
        connection.request("POST", f"/p/{code}/similar", body, headers)
        answer = connection.getresponse()
        answer.read()
        if turn >= WARM:
            took.append((time.perf_counter() - begun) * 1000)
        assert answer.status == 200, f"POST {answer.status}"
    connection.close()
    return took
