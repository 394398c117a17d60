"""The layers hold: import-linter's contracts, as CI runs them."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT, modules


def test_the_contracts_are_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_only_services_audit_and_transition_write_history() -> None:
    writers = {
        (path, node.func.id)
        for path, tree in modules("intake", "workers")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"HistoryEntry", "AuditEntry", "AuditLink"}
    }
    assert writers == {
        ("intake/services/transition.py", "HistoryEntry"),
        ("intake/services/audit.py", "AuditEntry"),
        ("intake/services/audit.py", "AuditLink"),
    }
