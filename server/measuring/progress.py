"""The progress of a command on stderr, so that stdout holds the result alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Bar:
    """A running progress bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def describe(self, what: str) -> None:
        """Says what is being done now."""
        self._progress.update(self._task, description=what)

    def step(self, count: int = 1) -> None:
        """`count` more are done."""
        self._progress.advance(self._task, count)


@contextmanager
def progress(total: int) -> Iterator[Bar]:
    """A bar of `total` steps, gone when it ends. Nothing is shown where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        yield Bar(shown, shown.add_task("", total=total))
