"""LLMeter's endpoint for ConverseStream, called from a thread for each stream, as its own runner does.

Its own figure of the time to first token is what is compared. It tells no times of single events.
"""

from importlib.metadata import version

from boto3_threads import made
from job import Job, Meter, Seen, run, threads
from llmeter.endpoints import BedrockConverseStream


def client(job: Job, meter: Meter) -> list[Seen]:
    endpoint = BedrockConverseStream(job.model, region="us-east-1", bedrock_boto3_client=made(job))

    def one(number: int) -> Seen:
        payload = BedrockConverseStream.create_payload(job.prompt, max_tokens=job.max_tokens)
        response = endpoint.invoke(payload)
        if response.error is not None:
            raise RuntimeError(response.error)
        return Seen(number, response.id or "", round(response.time_to_first_token * 1e9))

    meter.start()
    seen = threads(job, one)
    meter.stop()
    return seen


if __name__ == "__main__":
    run(client, lambda: {"llmeter": version("llmeter")})
