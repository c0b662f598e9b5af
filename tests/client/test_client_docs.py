"""The examples of docs/client.md and of the README do what they say, run one after another against a real server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from factbook.client import Client

from .server import Server

ROOT = Path(__file__).parent.parent.parent
SETTINGS = re.compile(r"^\| `([a-z_`, ]+)` \|", re.MULTILINE)


def fenced(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def indented(text: str) -> list[str]:
    """Indented blocks that are Python of the client."""
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in blocks if "Client(" in block]


@pytest.mark.parametrize(("name", "blocks"), [("docs/client.md", fenced), ("README.md", indented)])
def test_examples_run_and_what_they_send_is_in(tmp_path: Path, name: str, blocks: Any) -> None:
    with Server(tmp_path / "data") as server:
        names = {
            "URL": server.url,
            "WRITE_KEY": server.write_key,
            "READ_KEY": server.admin_key,
            "FOLDER": tmp_path,
        }
        examples = blocks((ROOT / name).read_text())
        assert examples
        for example in examples:
            exec(example.replace('"http://127.0.0.1:8005"', "URL"), names)
            server.settle()
        assert server.reader().query("events.count", last="1h").total == {"events.count": 1001}
        assert server.reader().query("revenue", last="1h").total == {"revenue": 49.9}


def test_every_setting_of_the_client_is_documented() -> None:
    documented = {
        name for line in SETTINGS.findall((ROOT / "docs/client.md").read_text()) for name in re.findall(r"\w+", line)
    }
    options = set(Client.__init__.__annotations__) - {"return", "url", "key"}
    assert options <= documented
