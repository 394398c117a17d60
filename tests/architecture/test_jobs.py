"""A job is named by its dotted path in intake and lives in workers; every name finds its function."""

import importlib
import inspect

import pytest

from intake.ports import JOBS, Wake
from workers.__main__ import QUEUES


def test_every_kind_of_work_has_a_job() -> None:
    assert set(JOBS) == set(Wake)


@pytest.mark.parametrize("wake", list(Wake))
def test_every_path_leads_to_a_function_that_needs_nothing(wake: Wake) -> None:
    _, path = JOBS[wake]
    module, name = path.rsplit(".", 1)
    job = getattr(importlib.import_module(module), name)
    assert callable(job)
    assert not inspect.signature(job).parameters
    assert module.startswith("workers.jobs.")


@pytest.mark.parametrize("wake", list(Wake))
def test_every_job_says_why_a_repeat_is_harmless(wake: Wake) -> None:
    module, name = JOBS[wake][1].rsplit(".", 1)
    assert "A repeat is harmless" in (inspect.getdoc(getattr(importlib.import_module(module), name)) or "")


def test_every_queue_has_a_worker_and_no_two_kinds_share_a_job() -> None:
    assert {queue for queue, _ in JOBS.values()} == set(QUEUES)
    assert len({path for _, path in JOBS.values()}) == len(JOBS)
