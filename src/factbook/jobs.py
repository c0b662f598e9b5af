"""Background work: one table of what is done, by which function and how often, and the threads that do it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from factbook.access import quotas
from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, Kind
from factbook.ingest.dead_letters import OUTCOME_DAYS
from factbook.services import Services
from factbook.storage.metadata import Metadata
from factbook.storage.rows import JobRun

log = structlog.get_logger()

DAY = 86_400.0
_JITTER = 0.1
_FIRST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """function: does the work once and says in a word what came of it. period: seconds from one start to the next.

    remembered: its runs are written down, so that a period longer than the process lives is kept all the same.
    """

    name: str
    description: str
    function: Callable[[], object]
    period: float
    remembered: bool = False


def jobs(services: Services) -> tuple[Job, ...]:
    """All background work of the service."""
    keys, metadata = services.keys, services.metadata

    def retention() -> str:
        report = services.retention.run()
        return f"{report.rows} rows"

    def outcomes() -> str:
        before = epoch_ms(services.clock()) - OUTCOME_DAYS * 86_400_000
        return f"{metadata.forget_letter_outcomes_of_system(before=before)} forgotten"

    issuer = keys.issuer.keys if keys.issuer else None
    public = "Read the public keys of the issuer whose tokens are taken."
    trusted = (Job("issuer-keys", public, issuer.fetch_if_old, 5.0),) if issuer else ()

    sessions = services.sessions
    about = "Build sessions from what came in, and mend those that it changes."
    built = (Job("sessions", about, sessions.tick, 5.0),) if sessions else ()

    return (
        Job("keys", "Take over keys and sessions that another process changed.", keys.refresh, 15.0),
        Job("key-uses", "Write down when keys were used last.", keys.note_uses, 60.0),
        *trusted,
        Job("quotas", "Write down how many events tenants sent.", services.quotas.settle, quotas.PERIOD),
        Job("tenants", "Remove the data of tenants that are to go.", services.tenant_removal.run, 15.0),
        Job("event-types", "Take over event types that another process changed.", services.types.refresh, 60.0),
        Job("privacy", "Take over what was decided about people.", services.personal.refresh, 15.0),
        Job("person-requests", "Erase people and write their data down, as asked.", services.person_requests.work, 2.0),
        Job("audit", "Enter the refused calls of minutes that are over.", services.audit.flush, 15.0),
        Job("versions", "Tell Redis what became visible while it was away.", services.sharing.versions.settle, 1.0),
        *built,
        Job("retention", "Remove rows past their retention.", retention, DAY, remembered=True),
        Job("letter-outcomes", "Forget what became of long gone dead letters.", outcomes, DAY, remembered=True),
    )


class Runner:
    """One thread a job, so that no job runs twice at once and a slow one holds up no other.

    A job that fails is logged and tried again at its next turn, a daily one within the hour.
    """

    def __init__(self, table: Sequence[Job], metadata: Metadata, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, args=(job,), name=f"job-{job.name}", daemon=True) for job in table
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """Starts nothing new and waits for what runs; False when a job still runs after `timeout` seconds."""
        self._stopping.set()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _keep(self, job: Job) -> None:
        pause = self.first_pause(job)
        while not self._stopping.wait(pause):
            began = time.monotonic()
            failed = self.run(job)
            period = min(job.period, 3600.0) if failed else job.period
            pause = max(1.0, period * random.uniform(1 - _JITTER, 1) - (time.monotonic() - began))  # noqa: S311

    def run(self, job: Job) -> bool:
        """Does `job` once; returns whether it failed, which is logged."""
        started = epoch_ms(self._clock())
        failure, detail = "", ""
        try:
            detail = str(job.function() or "")
        except FactbookError as error:
            if error.kind is not Kind.CONFLICT:  # somebody has asked for the same work, and it is being done
                failure = error.message
                log.warning("background work failed", job=job.name, reason=error.message)
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
            log.exception("background work failed", job=job.name)
        if job.remembered:
            self._remember(JobRun(job.name, started, epoch_ms(self._clock()), failure, detail))
        return bool(failure)

    def _remember(self, run: JobRun) -> None:
        try:
            self._metadata.note_job_run_of_system(run)
        except FactbookError as error:
            log.warning("a job's run is not written down", job=run.name, reason=error.message)

    def first_pause(self, job: Job) -> float:
        """Until its first run: a period for short ones; what is left of the period since the last run of the others."""
        if not job.remembered:
            return job.period * random.uniform(1 - _JITTER, 1)  # noqa: S311
        try:
            last = self._metadata.job_run_of_system(job.name)
        except FactbookError:
            return _FIRST_WAIT
        if last is None or last.failure:
            return _FIRST_WAIT
        due = last.started_at / 1000 + job.period - self._clock().timestamp()
        return min(max(due, _FIRST_WAIT), job.period)


def start(services: Services) -> Runner:
    """The whole table, running until `Runner.stop`."""
    runner = Runner(jobs(services), services.metadata, services.clock)
    runner.start()
    return runner
