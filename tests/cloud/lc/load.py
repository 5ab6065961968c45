# SPDX-License-Identifier: GPL-3.0-or-later
"""Many queries with a fixed concurrency, timed here: the control API would otherwise be what is measured."""
import asyncio
import collections
import time

MAX_COUNT = 200000


async def run(cloud, claim: str, targets: list[str], count: int, concurrency: int = 1, method: str = "GET",
              headers: dict | None = None, timeout: float = 30.0, timeout_ms: int | None = None) -> dict:
    """Sends count queries, round robin over targets, never more than concurrency unanswered.

    Gives latencies in seconds in the order of completion, http-codes counted, bytes received, and the whole duration.
    """
    if not targets or not 0 < count <= MAX_COUNT or concurrency < 1:
        raise ValueError(f"targets, 1 <= count <= {MAX_COUNT} and concurrency >= 1 are needed")
    numbers = iter(range(count))
    latencies, codes, size = [], collections.Counter(), 0
    inbox = cloud.inbox(claim)

    async def worker():
        nonlocal size
        for i in numbers:
            q = cloud.queries.start(claim, inbox, targets[i % len(targets)], method, headers, timeout_ms=timeout_ms)
            try:
                reply = await asyncio.wait_for(asyncio.shield(q.future), timeout)
            except asyncio.TimeoutError:
                codes["none"] += 1
                continue
            latencies.append(reply["seconds"])
            codes[str(reply["status"])] += 1
            size += reply["size"]
            q.replies[0] = {**reply, "body": b"", "raw": b""}       # thousands of bodies would stay in memory

    began = time.monotonic()
    await asyncio.gather(*(worker() for _ in range(min(concurrency, count))))
    return {"latencies": latencies, "codes": dict(codes), "bytes": size, "seconds": time.monotonic() - began}
