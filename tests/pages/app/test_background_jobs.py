"""Long work in its own thread: its result, or whatever stopped it, reaches the page."""

import pytest

from pages.ui.app import background_jobs


class PanicError(BaseException):
    """Like the panics of a native library, which are no Exception."""


def _raise_in_job(error: BaseException):
    def work(on_step):
        on_step("read")
        raise error

    return work


def test_steps_and_result():
    job = background_jobs.start_job(lambda on_step: [on_step("read"), on_step("store"), 7][-1])
    assert job.done.wait(10)
    assert (job.steps, job.result, job.error) == (["read", "store"], 7, None)


@pytest.mark.parametrize("error", [ValueError("bad"), PanicError("worse")])
def test_nothing_that_stops_it_is_lost(error):
    job = background_jobs.start_job(_raise_in_job(error))
    assert job.done.wait(10)
    assert (job.error, job.result) == (error, None)
