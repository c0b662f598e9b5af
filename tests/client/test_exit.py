"""A program that ends without `close` loses nothing: however it ends, in children too, and says so where it must."""

from __future__ import annotations

from pathlib import Path

import pytest

from .server import Server
from .test_sending import fresh

ENDINGS = {
    "at the end": "",
    "by sys.exit": "sys.exit(3)",
    "by an error": "raise SystemError('a defect')",
    "with a thread at work": """
import threading, time
threading.Thread(target=lambda: (time.sleep(0.2), client.send(more[0], late=True))).start()
""",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_ending_without_close_loses_nothing(standing: Server, ending: str) -> None:
    kind = fresh()
    send = "client = Client(url, key, batch_seconds=60)\nfor n in range(1500): client.send(more[0], n=n)\n"
    _, _, errors = standing.ran(send + ENDINGS[ending], kind)
    assert ("Error" in errors) == (ending == "by an error")
    assert len(standing.ids(kind)) == 1500 + (ending == "with a thread at work")


def test_a_with_block_ends_with_everything_sent(standing: Server) -> None:
    kind = fresh()
    text = """
with Client(url, key, batch_seconds=60) as client:
    client.send(more[0])
os._exit(0)
"""
    standing.ran(text, kind)
    assert len(standing.ids(kind)) == 1


CHILDREN = {
    "os.fork": """
if os.fork():
    os.wait()
else:
    client.send(more[0], who="child")
    sys.exit()
""",
    "multiprocessing": """
context = multiprocessing.get_context("fork")
children = [context.Process(target=client.send, args=(more[0],), kwargs={"who": "child"}) for _ in range(3)]
[child.start() for child in children]
[child.join() for child in children]
""",
    "a pool that forks": """
from concurrent.futures import ProcessPoolExecutor
def work(n):
    return client.send(more[0], who="child", n=n)
with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
    print(len(set(pool.map(work, range(200)))))
""",
}


@pytest.mark.parametrize("how", CHILDREN)
@pytest.mark.parametrize("spooled", [False, True])
def test_children_of_a_fork_send_their_own_events_and_not_those_of_the_parent(
    standing: Server, tmp_path: Path, how: str, spooled: bool
) -> None:
    kind = fresh()
    spool = f"spool={str(tmp_path / 'spool')!r}, " if spooled else ""
    text = f"""
client = Client(url, key, {spool}batch_seconds=60)
for n in range(10):
    client.send(more[0], who="parent", n=n)
{CHILDREN[how]}
client.send(more[0], who="parent")
client.flush()
assert client.stats().sent == 11, client.stats()
"""
    status, _, errors = standing.ran(text, kind)
    assert (status, errors) == (0, "")
    ids = standing.ids(kind)
    by = [event["properties"]["who"] for event in standing.reader().events(event_type=kind)]
    assert len(set(ids)) == len(ids)
    assert by.count("parent") == 11
    assert by.count("child") == {"os.fork": 1, "multiprocessing": 3, "a pool that forks": 200}[how]


def test_events_that_are_lost_at_the_end_are_told_and_counted(own: Server) -> None:
    text = """
client = Client(url, key, exit_seconds=0.5, on_error=lambda refusal: print(refusal.reason, refusal.event["properties"]))
client.send("lost", n=1)
client.send("lost", n=2)
"""
    status, output, errors = own.ran(text)
    assert status == 0
    assert output.split("\n")[:2] == ["undelivered {'n': 1}", "undelivered {'n': 2}"]
    assert "2 events could not be delivered" in errors


def test_events_in_a_spool_wait_for_the_next_start_where_nobody_answers(own: Server, tmp_path: Path) -> None:
    text = "client = Client(url, key, spool=more[0], exit_seconds=60)\nprint(client.send('kept'))"
    _, first, errors = own.ran(text, str(tmp_path / "spool"))
    assert "lost" not in errors
    own.start()
    _, second, _ = own.ran(text, str(tmp_path / "spool"))
    assert sorted(own.ids("kept")) == sorted([first.strip(), second.strip()])
