"""boto3 as most people use it under load: one client, a thread for each stream. Retries off, pool as large as need be."""

import time

import boto3
import botocore
from botocore.config import Config
from job import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Job, Meter, Seen, run, threads


def made(job: Job) -> "boto3.client":
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=job.url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=job.streams, read_timeout=120),
    )


def client(job: Job, meter: Meter) -> list[Seen]:
    bedrock = made(job)

    def one(number: int) -> Seen:
        began_ns = time.perf_counter_ns()
        response = bedrock.converse_stream(
            modelId=job.model,
            messages=[{"role": "user", "content": [{"text": job.prompt}]}],
            inferenceConfig={"maxTokens": job.max_tokens},
        )
        text_ns = []
        for event in response["stream"]:
            stamp = time.perf_counter_ns()
            if "contentBlockDelta" in event:
                text_ns.append(stamp)
        return Seen(number, response["ResponseMetadata"]["RequestId"], text_ns[0] - began_ns, text_ns)

    meter.start()
    seen = threads(job, one)
    meter.stop()
    return seen


if __name__ == "__main__":
    run(client, lambda: {"boto3": boto3.__version__, "botocore": botocore.__version__})
