"""Waiting for an event with a deadline, and never longer than for the event."""

import os
import time

# A sanitized build on a busy machine takes longer; every deadline is stretched by this.
SLOWDOWN = float(os.environ.get("GAVEL_SLOWDOWN", "1"))


def stretched(seconds):
    return seconds * SLOWDOWN


def wait_until(condition, what, seconds=20):
    """Returns what `condition` returned as soon as that is true; AssertionError after `seconds`."""
    deadline = time.monotonic() + stretched(seconds)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: did not happen within {stretched(seconds):.0f} s")
        time.sleep(0.01)
