"""Background work: on time, one at a time, going on after a failure and a restart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from factbook.core.clock import epoch_ms
from factbook.core.errors import FactbookError, Kind
from factbook.jobs import DAY, Job, Runner
from factbook.storage.metadata import Metadata
from factbook.storage.rows import JobRun
from tests.clocks import SetClock


@pytest.fixture
def metadata(tmp_path: Path) -> Iterator[Metadata]:
    opened = Metadata.open("", tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def test_a_job_runs_again_and_again_but_never_twice_at_once(metadata: Metadata, clock: SetClock) -> None:
    running, most, third = [0], [0], threading.Event()
    count = [0]

    def work() -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        count[0] += 1
        running[0] -= 1
        if count[0] >= 3:
            third.set()

    runner = Runner([Job("work", "Works.", work, 0.01)], metadata, clock)
    runner.start()
    assert third.wait(30)
    assert runner.stop()
    after = count[0]
    assert most[0] == 1
    assert not threading.Event().wait(0.05)
    assert count[0] == after


def test_a_job_that_fails_is_tried_again(metadata: Metadata, clock: SetClock) -> None:
    tries, second = [0], threading.Event()

    def work() -> None:
        tries[0] += 1
        if tries[0] >= 2:
            second.set()
        raise ZeroDivisionError

    runner = Runner([Job("work", "Fails.", work, 0.01)], metadata, clock)
    runner.start()
    assert second.wait(30)
    assert runner.stop()


def test_a_slow_job_holds_up_no_other(metadata: Metadata, clock: SetClock) -> None:
    began, done, leave = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        began.set()
        leave.wait(30)

    def quick() -> None:
        if began.is_set():
            done.set()

    runner = Runner([Job("slow", "Slow.", slow, 0.01), Job("quick", "Quick.", quick, 0.01)], metadata, clock)
    runner.start()
    assert done.wait(30)
    assert not runner.stop(timeout=0.01)
    leave.set()
    assert runner.stop()


def test_what_came_of_a_daily_job_is_written_down(metadata: Metadata, clock: SetClock) -> None:
    runner = Runner([], metadata, clock)
    assert not runner.run(Job("daily", "Works.", lambda: "7 rows", DAY, remembered=True))
    assert metadata.job_run_of_system("daily") == JobRun("daily", epoch_ms(clock()), epoch_ms(clock()), "", "7 rows")

    def fail() -> None:
        raise FactbookError(Kind.UNAVAILABLE, "The warehouse is down.")

    assert runner.run(Job("daily", "Fails.", fail, DAY, remembered=True))
    run = metadata.job_run_of_system("daily")
    assert run is not None
    assert run.failure == "The warehouse is down."


def test_work_that_is_being_done_already_is_no_failure(metadata: Metadata, clock: SetClock) -> None:
    def busy() -> None:
        raise FactbookError(Kind.CONFLICT, "Retention is running already.")

    assert not Runner([], metadata, clock).run(Job("daily", "Busy.", busy, DAY))


def test_a_restart_keeps_to_the_day_of_a_daily_job(metadata: Metadata, clock: SetClock) -> None:
    runner, job = Runner([], metadata, clock), Job("daily", "Works.", lambda: None, DAY, remembered=True)
    assert runner.first_pause(job) == 60
    runner.run(job)
    clock.forward(hours=20)
    assert runner.first_pause(job) == pytest.approx(4 * 3600)
    clock.forward(hours=20)
    assert runner.first_pause(job) == 60
