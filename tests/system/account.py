"""Stands in for Bedrock's control plane and for Service Quotas, with answers of their real shape, in pages."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PER_PAGE = 2


def foundation_model(model_id: str, **changed: Any) -> dict[str, Any]:
    """An entry of ListFoundationModels."""
    return {
        "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{model_id}",
        "modelId": model_id,
        "modelName": changed.pop("name", model_id),
        "providerName": changed.pop("provider", "Vendor"),
        "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
        **changed,
    }


def profile(profile_id: str, model_id: str, kind: str = "SYSTEM_DEFINED") -> dict[str, Any]:
    """An entry of ListInferenceProfiles, which leads to two regions."""
    path = "inference-profile" if kind == "SYSTEM_DEFINED" else "application-inference-profile"
    return {
        "inferenceProfileName": f"profile {profile_id}",
        "description": "Routes requests",
        "inferenceProfileArn": f"arn:aws:bedrock:us-east-1:123456789012:{path}/{profile_id}",
        "inferenceProfileId": profile_id,
        "models": [
            {"modelArn": f"arn:aws:bedrock:{region}::foundation-model/{model_id}"}
            for region in ("us-east-1", "us-west-2")
        ],
        "status": "ACTIVE",
        "type": kind,
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
    }


@dataclass
class Account:
    """What the account has. `refuses` names operations that the credentials aren't allowed."""

    models: list[dict[str, Any]] = field(default_factory=list)
    profiles: list[dict[str, Any]] = field(default_factory=list)
    quotas: dict[str, float] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, operation: str, query: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and body."""
        self.asked.append(operation)
        if operation in self.refuses:
            message = f"User: arn:aws:iam::123456789012:user/x is not authorized to perform: {operation}"
            return 403, {"__type": "AccessDeniedException", "message": message}
        if operation == "ListFoundationModels":
            return 200, {"modelSummaries": self.models}
        if operation == "ListInferenceProfiles":
            return 200, page(
                [one for one in self.profiles if one["type"] == query["type"]],
                "inferenceProfileSummaries",
                query.get("nextToken"),
                "nextToken",
            )
        quotas = [
            {
                "ServiceCode": "bedrock",
                "ServiceName": "Amazon Bedrock",
                "QuotaArn": f"arn:aws:servicequotas:us-east-1:123456789012:bedrock/L-{number:08X}",
                "QuotaCode": f"L-{number:08X}",
                "QuotaName": name,
                "Value": value,
                "Unit": "None",
                "Adjustable": True,
                "GlobalQuota": False,
            }
            for number, (name, value) in enumerate(self.quotas.items())
        ]
        return 200, page(quotas, "Quotas", query.get("NextToken"), "NextToken")


def page(items: list[Any], name: str, token: str | None, token_name: str) -> dict[str, Any]:
    """One page of a list."""
    begin = int(token or 0)
    made: dict[str, Any] = {name: items[begin : begin + PER_PAGE]}
    if begin + PER_PAGE < len(items):
        made[token_name] = str(begin + PER_PAGE)
    return made


@contextmanager
def serving(account: Account) -> Iterator[Account]:
    """Serve on a free port of loopback, at `account.url`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            operations = {
                "/foundation-models": "ListFoundationModels",
                "/inference-profiles": "ListInferenceProfiles",
            }
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.reply("application/json", *account.answer(operations[parts.path], query))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            target = self.headers["x-amz-target"]
            assert target == "ServiceQuotasV20190624.ListServiceQuotas", target
            assert body["ServiceCode"] == "bedrock"
            self.reply("application/x-amz-json-1.1", *account.answer("ListServiceQuotas", body))

        def reply(self, kind: str, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            if status != 200:
                self.send_header("x-amzn-errortype", body["__type"])
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Nothing: the account keeps its own list."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    account.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield account
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
