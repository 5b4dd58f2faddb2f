"""What can go wrong with the one-machine stack, told so that a person can mend it."""

from __future__ import annotations


class EmbeddedError(Exception):
    """A part of the one-machine stack cannot be started, reached or stopped.

    `message` says what is wrong, `mend` what to do about it (empty when there is nothing better than the
    log). Both are shown to the operator as they are.
    """

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message}\n  {self.mend}" if self.mend else self.message
