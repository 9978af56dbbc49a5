"""The stage of prices asks the AWS Price List page by page where it may, and goes on in seconds where it can't."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from jobs import PROJECT, environment
from listed_products import all_products

from assay.prices.book import Price
from assay.prices.snapshot import read

NOVA, CLAUDE = "us.amazon.nova-lite-v1:0", "global.anthropic.claude-haiku-4-5-20251001-v1:0"
SECRET = "a-secret-that-nobody-logs"
PAGE = 7


@dataclass
class PriceList:
    """A stand-in for the AWS Price List API on loopback; what it was asked, and how it is to answer."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    refuse: str | None = None
    unknown_service: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body of GetProducts."""
        with self.lock:
            self.asked.append(request)
        if self.refuse:
            name = f"User: arn:aws:iam::123456789012:user/{SECRET} may not"
            return 400, {"__type": self.refuse, "Message": name}
        if request["ServiceCode"] == self.unknown_service:
            return 400, {"__type": "NotFoundException", "Message": "no such service"}
        (region,) = (one["Value"] for one in request["Filters"] if one["Field"] == "regionCode")
        products = [
            one
            for one in all_products()
            if one["serviceCode"] == request["ServiceCode"]
            and one["product"]["attributes"]["regionCode"] == region
        ]
        start = int(request.get("NextToken") or 0)
        body: dict[str, Any] = {
            "FormatVersion": "aws_v1",
            "PriceList": [json.dumps(one) for one in products[start : start + PAGE]],
        }
        if start + PAGE < len(products):
            body["NextToken"] = str(start + PAGE)
        elif request["ServiceCode"] == "AmazonBedrock":
            body["PriceList"].append("{not JSON")
        return 200, body


@pytest.fixture
def price_list() -> Iterator[PriceList]:
    """A running stand-in."""
    state = PriceList()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
            assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256 ")
            assert "/us-east-1/pricing/aws4_request" in self.headers["Authorization"]
            status, answer = state.answer(json.loads(body))
            sent = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def taken(
    folder: Path,
    variables: dict[str, str],
    models: tuple[str, ...] = (NOVA, CLAUDE),
    credentials: bool = True,
    **settings: Any,
) -> tuple[dict[str, Price], str]:
    """Run the stage's own command line; the prices it took, and what it logged."""
    plain = {name: value for name, value in environment().items() if not name.startswith("AWS_")}
    aws = {
        "AWS_CONFIG_FILE": str(folder / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if credentials:
        aws |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}
    asked = {"models": models, "region": "us-east-1", **settings}
    command = [
        sys.executable, f"{PROJECT}/scripts/prices.py", "--settings", json.dumps(asked),
        "--out", f"{folder}/prices.json", "--log", f"{folder}/prices.log",
    ]  # fmt: skip
    ran = subprocess.run(
        command, env=plain | aws | variables, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    log = (folder / "prices.log").read_text("utf-8")
    assert SECRET not in log + ran.stderr
    return dict(read(folder / "prices.json")), log


def test_all_pages_of_all_services_are_asked_for_one_region_and_read(
    price_list: PriceList, tmp_path: Path
) -> None:
    found, log = taken(tmp_path, {"AWS_ENDPOINT_URL_PRICING": price_list.url})
    assert found[NOVA].input_usd_per_million == pytest.approx(0.06)
    assert found[NOVA].of_line("priority", None).output_usd_per_million == pytest.approx(0.42)
    assert found[CLAUDE].output_usd_per_million == pytest.approx(5.0)
    assert found[CLAUDE].cache_write_1h_usd_per_million == pytest.approx(2.0)
    assert all("AWS Price List" in (price.source or "") and price.dated for price in found.values())

    services = [request["ServiceCode"] for request in price_list.asked]
    counts = {name: services.count(name) for name in set(services)}
    sizes = [one["serviceCode"] for one in all_products()]
    assert counts == {
        name: max(1, -(-sizes.count(name) // PAGE))
        for name in ("AmazonBedrock", "AmazonBedrockFoundationModels", "AmazonBedrockService")
    }
    assert counts["AmazonBedrock"] > 1
    assert f"{len(all_products())} products" in log
    assert "isn't JSON" in log


def test_overrides_leave_nothing_to_ask_for(price_list: PriceList, tmp_path: Path) -> None:
    mine = {"input_usd_per_million": 1, "output_usd_per_million": 2}
    found, _ = taken(
        tmp_path,
        {"AWS_ENDPOINT_URL_PRICING": price_list.url},
        models=(NOVA,),
        overrides={NOVA: mine},
    )
    assert found[NOVA].source == "the benchmark file"
    assert price_list.asked == []


@pytest.mark.parametrize("refusal", ["AccessDeniedException", "UnrecognizedClientException"])
def test_where_the_list_is_refused_one_line_says_so_and_the_public_data_serves(
    price_list: PriceList, tmp_path: Path, refusal: str
) -> None:
    price_list.refuse = refusal
    found, log = taken(tmp_path, {"AWS_ENDPOINT_URL_PRICING": price_list.url})
    assert found[NOVA].source is not None and found[NOVA].source.startswith("genai-prices")
    told = [line for line in log.splitlines() if "AWS Price List" in line]
    assert len(told) == 1 and refusal in told[0]
    assert ("pricing:GetProducts" in told[0]) == (refusal == "AccessDeniedException")
    assert "123456789012" not in log, "whose account it is is nobody's business"


def test_a_service_that_the_list_does_not_know_is_left_out(price_list: PriceList, tmp_path: Path) -> None:
    price_list.unknown_service = "AmazonBedrockService"
    found, log = taken(tmp_path, {"AWS_ENDPOINT_URL_PRICING": price_list.url})
    assert "AWS Price List" in (found[NOVA].source or "")
    assert "knows no service AmazonBedrockService" in log


def test_where_nobody_answers_one_line_says_so_and_the_public_data_serves(tmp_path: Path) -> None:
    found, log = taken(tmp_path, {"AWS_ENDPOINT_URL_PRICING": "http://127.0.0.1:9"})
    assert found[NOVA].source is not None and found[NOVA].source.startswith("genai-prices")
    told = [line for line in log.splitlines() if "AWS Price List" in line]
    assert len(told) == 1 and "can't be reached" in told[0]


def test_without_credentials_nothing_is_asked(price_list: PriceList, tmp_path: Path) -> None:
    variables = {"AWS_ENDPOINT_URL_PRICING": price_list.url, "AWS_BEARER_TOKEN_BEDROCK": SECRET}
    found, log = taken(tmp_path, variables, credentials=False)
    assert found[NOVA].source is not None and found[NOVA].source.startswith("genai-prices")
    assert price_list.asked == []
    assert "not asked, since there are no AWS credentials" in log


def test_an_endpoint_that_is_not_awss_own_has_no_list_unless_its_place_is_said(
    price_list: PriceList, tmp_path: Path
) -> None:
    found, log = taken(tmp_path, {}, url="http://127.0.0.1:9")
    assert found[NOVA].source is not None and found[NOVA].source.startswith("genai-prices")
    assert "AWS Price List" not in log
    found, _ = taken(tmp_path, {"AWS_ENDPOINT_URL": price_list.url}, url="http://127.0.0.1:9")
    assert "AWS Price List" in (found[NOVA].source or "")


def test_the_simulator_has_no_list(price_list: PriceList, tmp_path: Path) -> None:
    taken(tmp_path, {"AWS_ENDPOINT_URL_PRICING": price_list.url}, region=None)
    assert price_list.asked == []


def test_a_profile_that_does_not_exist_is_one_line(price_list: PriceList, tmp_path: Path) -> None:
    variables = {"AWS_ENDPOINT_URL_PRICING": price_list.url}
    _, log = taken(tmp_path, variables, profile="nobody")
    assert "can't be reached (ProfileNotFound)" in log
