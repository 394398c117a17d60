"""What the triage benches say: real messages where `../shared` is at hand, the demo district's otherwise, and as many mixtures as wanted."""

import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

REAL = Path(__file__).parents[2] / "shared/data/civic/messages.jsonl"
DEMO = Path(__file__).parents[1] / "intake/cli/demo_data/messages.jsonl"
SEED = 20261102
_CLAUSE = re.compile(r"[^，。！？；\n\r]{2,60}")


def messages() -> tuple[list[str], str]:
    """Texts and a word for where they come from."""
    if REAL.exists():
        rows = [json.loads(line) for line in REAL.read_text(encoding="utf-8").splitlines()]
        return [f"{row['title']}。{row['detail']}"[:2000] for row in rows], "real"
    rows = [json.loads(line) for line in DEMO.read_text(encoding="utf-8").splitlines()]
    return [row["text"] for row in rows], "demo"


def mixed(count: int) -> Iterator[str]:
    """`count` messages, each three to six clauses of different messages; half keep the first two of one, so that matters come again."""
    chance = random.Random(SEED)
    texts, _ = messages()
    clauses = [found for text in texts if (found := _CLAUSE.findall(text)[:8])]
    for _ in range(count):
        begun = chance.choice(clauses)
        kept = begun[:2] if chance.random() < 0.5 else begun[:1]
        others = [chance.choice(chance.choice(clauses)) for _ in range(chance.randint(2, 4))]
        yield "，".join([*kept, *others])


def moments(count: int, *, end: datetime, days: float) -> list[datetime]:
    """`count` moments evenly over the last `days` before `end`, the oldest first."""
    step = timedelta(days=days) / max(1, count)
    return [end.astimezone(UTC) - step * (count - number) for number in range(count)]
