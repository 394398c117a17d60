"""`python -m tests.locks`: lock files carry hashes and no addresses."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def complaints() -> list[str]:
    """One sentence for every fault."""
    found = []
    for lock in sorted(ROOT.glob("requirements*.lock")):
        text = lock.read_text(encoding="utf-8")
        if re.search(r"https?://|--(extra-)?index-url|--find-links", text):
            found.append(f"{lock.name} names an address; make it with `make locks`")
        blocks = re.split(r"\n(?=\S)", text.strip())
        found += [f"{lock.name}: {block.split()[0]} has no hash" for block in blocks if "==" in block and "--hash=sha256:" not in block]
    if '"resolved"' in (ROOT / "package-lock.json").read_text(encoding="utf-8"):
        found.append("package-lock.json names addresses; .npmrc must hold omit-lockfile-registry-resolved=true")
    return found


if __name__ == "__main__":
    faults = complaints()
    print("\n".join(faults) or "locks: hashes, no addresses")
    sys.exit(bool(faults))
