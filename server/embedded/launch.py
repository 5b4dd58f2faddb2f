"""Starts one child of the stack, so that the child ends when whoever started it is gone.

Run as a script with `python -I -S launch.py PARENT DEATH_SIGNAL UID:GID|- PROGRAM ARGUMENT…`, and only the
standard library. It becomes the program: same process id, no process in between. A script, and not a
function run between fork and exec, because that is unsafe in a process that has threads.
"""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Drop to the account, ask the kernel for the death signal, become the program."""
    parent, death_signal, account, program, *rest = arguments
    if account != "-":
        uid, gid = (int(part) for part in account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of account, which would clear the request. Other systems than Linux have no such
    # signal: there the next start on the same data directory ends what was left over.
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit(1)  # The parent was gone before the kernel was asked.
    os.execv(program, [program, *rest])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
