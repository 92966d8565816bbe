"""Python's pool of processes: small calls there and back.

    processes.py WAY WORKERS    prints nanoseconds a call

WAY is map or run_in_executor.
"""

import asyncio
import sys
import time
from concurrent.futures import ProcessPoolExecutor

CALLS = 10_000


def increment(n):
    return n + 1


async def by_tasks(pool):
    loop = asyncio.get_running_loop()
    return sum(await asyncio.gather(*[loop.run_in_executor(pool, increment, n) for n in range(CALLS)]))


def main(way, workers):
    with ProcessPoolExecutor(int(workers)) as pool:
        list(pool.map(increment, range(100)))
        begun = time.perf_counter_ns()
        total = sum(pool.map(increment, range(CALLS))) if way == 'map' else asyncio.run(by_tasks(pool))
        each = (time.perf_counter_ns() - begun) / CALLS
    assert total == CALLS * (CALLS + 1) // 2
    print(each)


if __name__ == '__main__':
    main(*sys.argv[1:])
