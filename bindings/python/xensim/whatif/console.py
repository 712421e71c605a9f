"""What the commands say while they work, what they return, and how they are interrupted."""

from __future__ import annotations

import signal
import sys
from types import FrameType

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130  # exit codes


def say(text: str) -> None:
    """To the standard error, at once: the standard output has results only."""
    print(f"xensim: {text}", file=sys.stderr, flush=True)


class Interruption:
    """Ctrl-C and SIGTERM: either raises KeyboardInterrupt, and is remembered, since an exception can get lost where
    Python may not raise one."""

    def __init__(self) -> None:
        self.came = False
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    def check(self) -> None:
        if self.came:
            raise KeyboardInterrupt

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt
