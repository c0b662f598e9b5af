"""From acknowledgement to visible: sends an event now and then and asks until the answers hold it."""

from __future__ import annotations

import json
import threading
import time
import uuid

from .server import Served

PERIOD_SECONDS = 0.2
POLL_SECONDS = 0.05
"""Every poll is two reads, which take from the load what they cost."""


class Probe:
    """A thread beside the load. seconds: for each event, from its acknowledgement until it is in every answer asked:
    the event by its id (raw rows) and the metric of its type (roll-ups)."""

    def __init__(self, served: Served) -> None:
        self.seconds: list[float] = []
        self._served = served
        self._type = f"probe_{uuid.uuid4().hex[:8]}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probe")

    def __enter__(self) -> Probe:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(PERIOD_SECONDS):
            event_id = str(uuid.uuid4())
            body = json.dumps({"event_id": event_id, "event_type": self._type}).encode()
            status, _ = self._served.request("POST", "/api/v1/events", body)
            if status != 200:
                continue
            acknowledged = time.perf_counter()
            wanted = len(self.seconds) + 1
            while not self._visible(event_id, wanted):
                if time.perf_counter() - acknowledged > 30:
                    break
                time.sleep(POLL_SECONDS)  # the period of the poll
            self.seconds.append(time.perf_counter() - acknowledged)

    def _visible(self, event_id: str, count: int) -> bool:
        if self._served.get(f"/api/v1/events/{event_id}")[0] != 200:
            return False
        status, answer = self._served.get(f"/api/v1/metrics?metric_name=events.count.{self._type}&interval=1h")
        return status == 200 and answer["total"]["count"] >= count
