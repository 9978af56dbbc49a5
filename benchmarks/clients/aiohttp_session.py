"""aiohttp in the hand-written client's place: the same signing and the same frames, aiohttp's connections and parser.

Shows what a parser and the layers that come with it cost. Bytes reach this code in a task, after the loop has come round
once more, so they can't be stamped on read.
"""

import asyncio
import time

import aiohttp
from handwritten import Maker, deltas
from job import Job, Meter, Seen, run
from yarl import URL


async def client(job: Job, meter: Meter) -> list[Seen]:
    maker = Maker(job)
    url = URL(f"{job.url}{maker.path}", encoded=True)
    seen: list[Seen] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(number: int) -> Seen:
            headers, body = maker.parts()
            sent_ns = time.perf_counter_ns()
            async with session.post(
                url, data=body, headers={**headers, "content-type": "application/json"}
            ) as got:
                got.raise_for_status()
                text_ns: list[int] = []
                rest = b""
                async for data in got.content.iter_any():
                    stamp = time.perf_counter_ns()
                    count, rest = deltas(rest + data)
                    text_ns += [stamp] * count
                return Seen(number, got.headers["x-amzn-requestid"], text_ns[0] - sent_ns, text_ns)

        async def stream(delay_s: float) -> None:
            await asyncio.sleep(delay_s)
            number = 0
            while job.more(number, began_ns):
                seen.append(await one(number))
                number += 1

        meter.start()
        began_ns = time.perf_counter_ns()
        await asyncio.gather(*(stream(delay_s) for delay_s in job.delays_s()))
        meter.stop()
    return seen


if __name__ == "__main__":
    run(lambda job, meter: asyncio.run(client(job, meter)), lambda: {"aiohttp": aiohttp.__version__})
