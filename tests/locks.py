"""`python -m tests.locks`: lock files carry hashes and no addresses."""

import json
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
    for lock in (ROOT / "package-lock.json", ROOT / "bench" / "lighthouse" / "package-lock.json"):
        name = lock.relative_to(ROOT)
        packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
        if any("resolved" in one for one in packages.values()):
            found.append(f"{name} names addresses; .npmrc beside it must hold omit-lockfile-registry-resolved=true")
        found += [f"{name}: {path} has no hash" for path, one in packages.items() if path and "integrity" not in one]
    return found


if __name__ == "__main__":
    faults = complaints()
    print("\n".join(faults) or "locks: hashes, no addresses")
    sys.exit(bool(faults))
