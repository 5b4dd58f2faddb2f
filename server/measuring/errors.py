"""What can go wrong in a client-side command, told so that a person can mend it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc
import typer

_MENDS: Final = {
    grpc.StatusCode.UNAVAILABLE: "Is the stack up? Start it with `kith up`, look at it with `kith status`.",
    grpc.StatusCode.UNAUTHENTICATED: "Not this stack's credentials (name its file by --credentials).",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "A rate limit was met; KITH_RATE_LIMITS of the server raises it.",
}


class MeasuringError(Exception):
    """Something that the caller can mend; the message says what and how."""


@contextmanager
def told_in_words() -> Iterator[None]:
    """Ends the command with status 1 and a sentence on stderr, without a traceback, where it cannot go on."""
    try:
        yield
    except MeasuringError as error:
        _end(str(error))
    except grpc.RpcError as error:
        _end(in_words(error))


def in_words(error: grpc.RpcError) -> str:
    """What the server, or the way to it, answered, and what to do about it where that is known."""
    if not isinstance(error, grpc.aio.AioRpcError):
        return f"The call failed: {error}"
    mend = _MENDS.get(error.code())
    return f"{error.code().name}: {error.details()}" + (f"\n  {mend}" if mend else "")


def _end(message: str) -> None:
    typer.secho(message, err=True, fg=typer.colors.RED if sys.stderr.isatty() else None)
    raise typer.Exit(1)
