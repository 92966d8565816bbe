"""asyncio's and uvloop's servers for the race of servers.

    net.py LOOP KIND SERVICE    listens, says at which port, and serves until its parent ends

LOOP is asyncio or uvloop, KIND streams or protocol. SERVICE is "close", or the bytes of an echo's buffer.
"""

import asyncio
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
SERVERS_PROCESSOR = 0


def echo_of(size):
    async def echo(reader, writer):
        while data := await reader.read(size):
            writer.write(data)
            await writer.drain()
        writer.close()

    return echo


async def close(reader, writer):
    writer.close()


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class Close(asyncio.Protocol):
    def connection_made(self, transport):
        transport.close()


async def serve(kind, service):
    where = {"host": "127.0.0.1", "port": 0, "backlog": 4096}
    if kind == "streams":
        handler = close if service == "close" else echo_of(int(service))
        server = await asyncio.start_server(handler, **where)
    else:
        factory = Close if service == "close" else Echo
        server = await asyncio.get_running_loop().create_server(factory, **where)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main(loop, kind, service):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    os.sched_setaffinity(0, {SERVERS_PROCESSOR})
    if loop == "uvloop":
        import uvloop

        uvloop.run(serve(kind, service))
    else:
        asyncio.run(serve(kind, service))


main(*sys.argv[1:])
