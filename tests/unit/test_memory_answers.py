"""What a caller is told of deferred work."""

import pytest

from server.convert.memory import consolidated
from server.usecases.consolidation import Ended, TaskResult


@pytest.mark.parametrize(
    ("ended", "told"),
    [(("done", "skipped"), "completed"), (("done", "failed"), "failed"), ((), "completed")],
)
def test_a_run_with_a_failed_task_is_not_called_completed(ended: tuple[Ended, ...], told: str) -> None:
    answer = consolidated([TaskResult("merge_duplicates", status) for status in ended])
    assert answer.status == told
    assert tuple(task.status for task in answer.tasks) == ended
