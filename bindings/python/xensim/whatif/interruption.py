"""Ctrl-C and SIGTERM."""

from __future__ import annotations

import signal
from types import FrameType


class Interruption:
    """Either raises KeyboardInterrupt, and is remembered, since an exception can get lost where Python may not
    raise one."""

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
