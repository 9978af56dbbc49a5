"""aiobotocore: boto3's client on asyncio, a task for each stream. Retries off, pool as large as need be."""

import asyncio
import time

import aiobotocore
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from job import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Job, Meter, Seen, run


async def client(job: Job, meter: Meter) -> list[Seen]:
    seen: list[Seen] = []
    config = AioConfig(retries={"total_max_attempts": 1}, max_pool_connections=job.streams, read_timeout=120)
    async with get_session().create_client(
        "bedrock-runtime",
        endpoint_url=job.url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=config,
    ) as bedrock:

        async def stream(delay_s: float) -> None:
            await asyncio.sleep(delay_s)
            number = 0
            while job.more(number, began_ns):
                sent_ns = time.perf_counter_ns()
                response = await bedrock.converse_stream(
                    modelId=job.model,
                    messages=[{"role": "user", "content": [{"text": job.prompt}]}],
                    inferenceConfig={"maxTokens": job.max_tokens},
                )
                text_ns = []
                async for event in response["stream"]:
                    stamp = time.perf_counter_ns()
                    if "contentBlockDelta" in event:
                        text_ns.append(stamp)
                request_id = response["ResponseMetadata"]["RequestId"]
                seen.append(Seen(number, request_id, text_ns[0] - sent_ns, text_ns))
                number += 1

        meter.start()
        began_ns = time.perf_counter_ns()
        await asyncio.gather(*(stream(delay_s) for delay_s in job.delays_s()))
        meter.stop()
    return seen


if __name__ == "__main__":
    run(lambda job, meter: asyncio.run(client(job, meter)), lambda: {"aiobotocore": aiobotocore.__version__})
