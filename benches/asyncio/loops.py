"""asyncio and uvloop on the workloads of this package.

    loops.py --which                            the loops there are with their versions, and the workloads
    loops.py LOOP WORKLOAD SIZE MILLISECONDS    CPU time of one operation in nanoseconds
    loops.py LOOP asleep|parked TASKS           bytes, and nanoseconds to spawn and to cancel, of one waiting task

Each workload is the one of the same name in src/catalogue.rs.
"""

import asyncio
import json
import platform
import resource
import statistics
import sys
import threading
import time

try:
    import uvloop
except ImportError:
    uvloop = None

REPETITIONS = 5
HOUR = 3600


def loops():
    found = {"asyncio": platform.python_version()}
    if uvloop is not None:
        found["uvloop"] = uvloop.__version__
    return found


class Stopwatch:
    """Counts CPU time between start and stop, as often as wanted."""

    def __init__(self):
        self.counted = 0

    def start(self):
        self.started = time.process_time_ns()

    def stop(self):
        self.counted += time.process_time_ns() - self.started


async def value(i):
    return i


async def nothing():
    pass


async def spawn(size, iterations, watch):
    watch.start()
    for _ in range(iterations):
        for task in [asyncio.create_task(value(i)) for i in range(size)]:
            await task
    watch.stop()
    return iterations * size


async def park(size):
    event = asyncio.Event()
    tasks = [asyncio.create_task(event.wait()) for _ in range(size)]
    await asyncio.sleep(0)
    return event, tasks


async def spawn_parked(size, iterations, watch):
    for _ in range(iterations):
        watch.start()
        event, tasks = await park(size)
        watch.stop()
        event.set()
        for task in tasks:
            await task
    return iterations * size


async def cancel_all(tasks):
    for task in tasks:
        task.cancel()
    for task in tasks:
        try:
            await task
        except asyncio.CancelledError:
            pass


async def cancel(size, iterations, watch):
    for _ in range(iterations):
        _, tasks = await park(size)
        watch.start()
        await cancel_all(tasks)
        watch.stop()
    return iterations * size


async def contend(held, size, iterations, watch):
    async def contender():
        for _ in range(iterations):
            async with held:
                await asyncio.sleep(0)

    tasks = [asyncio.create_task(contender()) for _ in range(size)]
    watch.start()
    for task in tasks:
        await task
    watch.stop()
    return iterations * size


async def lock(size, iterations, watch):
    return await contend(asyncio.Lock(), size, iterations, watch)


async def semaphore(size, iterations, watch):
    return await contend(asyncio.Semaphore(10), size, iterations, watch)


async def yields(size, iterations, watch):
    async def turn_taker():
        for _ in range(iterations):
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(turn_taker()) for _ in range(size)]
    watch.start()
    for task in tasks:
        await task
    watch.stop()
    return iterations * size


async def ping_pong(size, iterations, watch):
    ping, pong = asyncio.Queue(size), asyncio.Queue(size)

    async def partner():
        for _ in range(iterations):
            await pong.put(await ping.get() + 1)

    task = asyncio.create_task(partner())
    token = 0
    watch.start()
    for _ in range(iterations):
        await ping.put(token)
        token = await pong.get()
    await task
    watch.stop()
    return iterations


async def queue(size, iterations, watch):
    items = asyncio.Queue(size)

    async def consumer():
        while await items.get() is not None:
            pass

    consumers = [asyncio.create_task(consumer()) for _ in range(4)]
    watch.start()
    for item in range(iterations * 1_000):
        await items.put(item)
    for _ in consumers:
        await items.put(None)
    for task in consumers:
        await task
    watch.stop()
    return iterations * 1_000


async def gather(size, iterations, watch):
    watch.start()
    for _ in range(iterations):
        await asyncio.gather(*(value(i) for i in range(size)))
    watch.stop()
    return iterations * size


async def group(size, iterations, watch):
    watch.start()
    for _ in range(iterations):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(size):
                tasks.create_task(nothing())
    watch.stop()
    return iterations * size


async def timeout(others, iterations, watch):
    sleepers = [asyncio.create_task(asyncio.sleep(HOUR + scattered(i))) for i in range(others)]
    await asyncio.sleep(0)
    watch.start()
    for _ in range(iterations):
        async with asyncio.timeout(10):
            await asyncio.sleep(0)
    watch.stop()
    await cancel_all(sleepers)
    return iterations


def scattered(i):
    return i * 0.618033988749895 % 1


async def sleeps(size, iterations, watch):
    watch.start()
    for _ in range(iterations):
        for task in [asyncio.create_task(asyncio.sleep(scattered(i))) for i in range(size)]:
            await task
    watch.stop()
    return iterations * size


async def wake_asleep(_size, iterations, watch):
    """Most of it is two threads going to sleep and being woken."""
    loop = asyncio.get_running_loop()
    rung, answered = asyncio.Event(), threading.Semaphore(0)

    def ringer():
        for _ in range(iterations):
            loop.call_soon_threadsafe(rung.set)
            answered.acquire()

    thread = threading.Thread(target=ringer)
    watch.start()
    thread.start()
    for _ in range(iterations):
        await rung.wait()
        rung.clear()
        answered.release()
    thread.join()
    watch.stop()
    return iterations


WORKLOADS = {
    "spawn": spawn,
    "spawn_parked": spawn_parked,
    "cancel": cancel,
    "yield": yields,
    "ping_pong": ping_pong,
    "lock": lock,
    "semaphore": semaphore,
    "queue": queue,
    "gather": gather,
    "group": group,
    "timeout": timeout,
    "timeout_armed": timeout,
    "sleeps": sleeps,
    "wake_asleep": wake_asleep,
}


def sample(run, workload, size, seconds):
    """As in src/sample.rs."""
    begun = time.monotonic()
    share = seconds * 1e9 / REPETITIONS

    def once(iterations):
        watch = Stopwatch()
        operations = run(workload(size, iterations, watch))
        return watch.counted, watch.counted / operations

    iterations = 1
    spent, each = once(iterations)
    while spent < share / 2:
        iterations = int(iterations * min(max(share / max(spent, 1), 2), 1_000))
        spent, each = once(iterations)
    if time.monotonic() - begun > 4 * seconds:
        return each
    return statistics.median(once(iterations)[1] for _ in range(REPETITIONS))


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


async def footprint(kind, size):
    handles = [None] * size
    event = asyncio.Event()
    spawning, cancelling = Stopwatch(), Stopwatch()
    before = resident_bytes()
    spawning.start()
    for i in range(size):
        wait = event.wait() if kind == "parked" else asyncio.sleep(HOUR)
        handles[i] = asyncio.create_task(wait)
    await asyncio.sleep(0)
    spawning.stop()
    taken = resident_bytes() - before
    cancelling.start()
    await cancel_all(handles)
    cancelling.stop()
    each = [taken, spawning.counted, cancelling.counted]
    return dict(zip(["bytes", "spawn", "cancel"], [total / size for total in each]))


def main(arguments):
    if arguments == ["--which"]:
        print(json.dumps({"loops": loops(), "workloads": [*WORKLOADS, "asleep", "parked"]}))
        return
    name, what, size, *rest = arguments
    run = uvloop.run if name == "uvloop" else asyncio.run
    if what in WORKLOADS:
        print(json.dumps(sample(run, WORKLOADS[what], int(size), float(rest[0]) / 1_000)))
    else:
        print(json.dumps(run(footprint(what, int(size)))))


if __name__ == "__main__":
    main(sys.argv[1:])
