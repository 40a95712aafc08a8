"""How results come back to the event loop that asked for them."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any
from weakref import WeakKeyDictionary

from kanban_py._kanban import Completions, Job

_completions: WeakKeyDictionary[asyncio.AbstractEventLoop, Completions] = WeakKeyDictionary()
_serving = threading.Lock()

# the child's loops are its own; what its parent waits for is none of its business
os.register_at_fork(after_in_child=_completions.clear)


def submit(job: Job) -> asyncio.Future[Any]:
    """Starts a job in the background and answers a future of the running loop for its result.

    Cancelling the future leaves the job to run to its end: a change is made whole or not at all.
    """
    loop = asyncio.get_running_loop()
    completions = _completions.get(loop)
    if completions is None:
        completions = _serve(loop)
    future = loop.create_future()
    job.start(completions, future)
    return future


def _serve(loop: asyncio.AbstractEventLoop) -> Completions:
    completions = Completions()
    loop.add_reader(completions.fileno(), completions.drain)
    with _serving:
        # a loop that ended with calls in flight is held by their futures: let go of it
        for other in list(_completions):
            if other.is_closed():
                del _completions[other]
        _completions[loop] = completions
    return completions
