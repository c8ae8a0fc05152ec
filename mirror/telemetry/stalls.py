"""Noticing that something blocked the event loop."""

import asyncio
from collections.abc import Callable

TICK = 0.05
"""Seconds between looks: twenty wake-ups a second are not felt, even on a battery."""

TOLERATED = 0.05
"""Seconds of lateness that are no stall; one of TICK + TOLERATED is never missed."""


async def watch_stalls(stalled: Callable[[float], None]) -> None:
    """Call `stalled(seconds)` whenever the loop was late; runs until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + TICK
        await asyncio.sleep(TICK)
        late = loop.time() - due
        if late > TOLERATED:
            stalled(late)
