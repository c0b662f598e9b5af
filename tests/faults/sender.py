"""A patient client: threads that send events, remember what was acknowledged, and send again what was not."""

from __future__ import annotations

import http.client
import json
import random
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from factbook.bench.server import Served

Event = dict[str, Any]


def make(pick: random.Random, *, own_id: bool = True) -> Event:
    """An event of the last forty days (so of two months at least), of one of 50 people; `x` is a whole number."""
    moment = datetime.now(UTC) - timedelta(minutes=pick.choice((0, 1, 90, 3000, 57_600)), seconds=pick.randrange(60))
    event: Event = {
        "event_type": pick.choice(("page_view", "purchase", "order.placed")),
        "timestamp": moment.isoformat(timespec="milliseconds"),
        "user_id": f"user-{pick.randrange(50)}",
        "properties": {"x": pick.randrange(1000), "plan": "pro"},
    }
    if own_id:
        event["event_id"] = str(uuid.UUID(int=pick.getrandbits(128), version=4))
    return event


class Senders:
    """Sends until `stop`; `size` events a request, 0 for one as an object.

    acknowledged: ids that were answered with 200. open: requests that were never answered, to be sent again.
    """

    def __init__(self, served: Served, seed: int, *, threads: int, size: int, own_ids: bool = True) -> None:
        self.acknowledged: list[str] = []
        self.open: list[list[Event]] = []
        self.unexpected: list[str] = []
        self._served = served
        self._size = size
        self._own_ids = own_ids
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(f"{seed}-{size}-{own_ids}-{number}"),))
            for number in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, pick: random.Random) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._served.port, timeout=30)
        try:
            while not self._over.is_set():
                events = [make(pick, own_id=self._own_ids) for _ in range(self._size or 1)]
                try:
                    status, answer = post(connection, self._served.write_key, events, single=not self._size)
                except (OSError, http.client.HTTPException):  # killed under our hands
                    with self._lock:
                        self.open.append(events)
                    return
                with self._lock:
                    if status != 200:
                        self.unexpected.append(f"{status} {answer}")
                        self.open.append(events)
                    elif self._own_ids:
                        self.acknowledged += [event["event_id"] for event in events]
                    else:
                        self.acknowledged += [answer["event_id"]] if not self._size else answer["event_ids"]
        finally:
            connection.close()


def post(
    connection: http.client.HTTPConnection, key: str, events: list[Event], *, single: bool = False
) -> tuple[int, Any]:
    path = "/api/v1/events" if single else "/api/v1/events/batch?return_ids=true"
    body = json.dumps(events[0] if single else events)
    connection.request("POST", path, body, {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def send(served: Served, events: list[Event]) -> tuple[int, Any]:
    """One batch over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    try:
        return post(connection, served.write_key, events)
    finally:
        connection.close()
