"""Looks every package of requirements.lock up among known vulnerabilities; passes where nobody can be asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "requirements.lock"
SECONDS = 120


def told(report: dict[str, Any]) -> tuple[str, bool]:
    """What pip-audit's JSON says, in lines, and whether it is good."""
    packages = report["dependencies"]
    asked = [each for each in packages if "skip_reason" not in each]
    if not asked:
        return f"dependencies not audited: the service knows none of the {len(packages)} packages here", True
    found = [
        f"{each['name']} {each['version']}: {', '.join([known['id'], *known['aliases']])},"
        f" mended in {', '.join(known['fix_versions']) or 'no version yet'}"
        for each in asked
        for known in each["vulns"]
    ]
    unknown = len(packages) - len(asked)
    summary = f"{len(asked)} dependencies audited, {len(found)} known vulnerabilities"
    return "\n".join([*found, summary + (f"; {unknown} could not be looked up" if unknown else "")]), not found


def audit() -> tuple[str, bool]:
    options = ["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "5"]
    command = [sys.executable, "-m", "pip_audit", "-r", str(LOCK), *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)  # noqa: S603 (no word of it from elsewhere)
    except subprocess.TimeoutExpired:
        return f"dependencies not audited: no answer within {SECONDS} s", True
    try:
        return told(json.loads(done.stdout))
    except json.JSONDecodeError:  # pip-audit could not ask and says why
        *_, why = ["no reason given", *done.stderr.strip().splitlines()]
        return f"dependencies not audited: {why}", done.returncode != 2


if __name__ == "__main__":
    text, good = audit()
    sys.stdout.write(text + "\n")
    sys.exit(not good)
