"""A thousand requests, ten at a time, by aiohttp's session: prints the nanoseconds of CPU time of one."""

import asyncio
import sys
import time

import aiohttp

REQUESTS = 1_000
AT_A_TIME = 10


async def get(session, semaphore, url):
    async with semaphore:
        async with session.get(url) as response:
            return len(await response.text())


async def ask(port):
    semaphore = asyncio.Semaphore(AT_A_TIME)
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{port}/"
        lengths = await asyncio.gather(*(get(session, semaphore, url) for _ in range(REQUESTS)))
        assert set(lengths) == {13}


port = int(sys.argv[1])
asyncio.run(ask(port))
before = time.process_time_ns()
asyncio.run(ask(port))
print((time.process_time_ns() - before) / REQUESTS)
