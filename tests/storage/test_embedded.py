"""The embedded engine takes a bounded share of the machine it has to share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import factbook.storage
from factbook.storage.engine import Engine

CONFIG = Path(factbook.storage.__file__).with_name("embedded.xml")


def test_every_bound_of_the_configuration_is_in_force(engine: Engine) -> None:
    """The engine ignores what it does not know, so a misspelt bound would be none."""
    root = ElementTree.parse(CONFIG).getroot()
    of_tables = root.findall("merge_tree/*")
    of_engine = [each for each in root if each.tag not in ("logger", "merge_tree")]
    assert of_tables
    for wanted, table in ((of_engine, "server_settings"), (of_tables, "merge_tree_settings")):
        bounds = {each.tag: str(each.text) for each in wanted}
        in_force = dict(engine.rows(f"SELECT name, value FROM system.{table}"))
        assert {name: in_force.get(name) for name in bounds} == bounds


def test_it_keeps_no_logs_of_its_own(engine: Engine) -> None:
    assert engine.rows("SELECT name FROM system.tables WHERE database = 'system' AND engine ILIKE '%MergeTree'") == []


def test_inserts_are_synchronous_on_every_connection(either: Engine) -> None:
    assert either.rows("SELECT toString(getSetting('async_insert'))") == [("false",)]


def test_at_rest_it_holds_less_than_half_a_gibibyte(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from factbook.bench.process import memory_mib\n"
        "from factbook.storage.engine import Engine\n"
        "from factbook.storage.migrate import migrate\n"
        "engine = Engine('chdb', pathlib.Path(sys.argv[1]))\n"
        "migrate(engine)\n"
        "print(memory_mib(__import__('os').getpid())[0])\n"
        "engine.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert float(done.stdout) < 512, done.stderr


def test_when_all_memory_is_taken_by_other_queries_a_query_may_come_again(tmp_path: Path) -> None:
    """Its own bound is the caller's to mend; the bound of all together is not his fault."""
    small = CONFIG.read_text().replace(">0.6<", ">0.02<")
    assert small != CONFIG.read_text()
    (tmp_path / "small.xml").write_text(small)
    program = (
        "import sys, pathlib\n"
        "import factbook.storage.engine as storage\n"
        "from factbook.core.errors import FactbookError\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "usual = storage.connect_arguments\n"
        "small = {'config-file': str(folder / 'small.xml')}\n"
        "storage.connect_arguments = lambda *given: {**usual(*given), 'chdb_options': small}\n"
        "engine = storage.Engine('chdb', folder)\n"
        "try:\n"
        "    engine.rows('SELECT uniqExact(number) FROM numbers(100000000)')\n"
        "except FactbookError as error:\n"
        "    print(error.kind.name, error.retry_after, error.message)\n"
        "print(engine.rows('SELECT 1'))\n"
        "engine.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [
        "UNAVAILABLE 5.0 The warehouse has no memory left for this query now.",
        "[(1,)]",
    ], done.stderr
