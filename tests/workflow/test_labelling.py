"""`snakemake label` serves the page on what a finished run has, and never buys what isn't there."""

import json
import os
import shutil
import signal
import subprocess
import urllib.request
from typing import Any

from runs import Workflow


class Client:
    """What the page asks of its server."""

    def __init__(self, url: str) -> None:
        self.base, self.token = url.split("/#")

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"X-Assay-Token": self.token, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


def test_a_finished_run_is_labelled_and_its_labels_stay(finished: Workflow) -> None:
    sent = finished.sent()
    finished.write()
    process = subprocess.Popen(
        finished.command("--cores", "2", "label"),
        cwd=finished.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if line.startswith("Label at "):
                break
        assert said[-1].startswith("Label at "), "".join(said)
        url = said[-1].removeprefix("Label at ").strip()
        client = Client(url)
        item = client.ask("/api/state")["answers"][0]
        assert client.ask(f"/api/answer?id={item}")["question"]
        assert client.ask(f"/api/document?id={item}")["text"]
        client.ask("/api/label", {"id": item, "label": "incorrect", "before": None})
        client.ask("/api/finish", {})
        said.append(process.communicate(timeout=60)[0])
    finally:
        if process.poll() is None:  # with the server that it started
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, "".join(said)
    assert f"{item},incorrect" in (finished.results / "labels" / "labels.csv").read_text("utf-8-sig")
    assert finished.sent() == sent
    token = url.partition("#")[2]
    logs = [*finished.results.glob("logs/**/*.log"), *finished.folder.glob(".snakemake/log/*")]
    assert logs and not [log for log in logs if token in log.read_text("utf-8")]
    # What depends on labels is made anew, and nothing is bought.
    planned = finished.plan()
    assert {"accuracy", "decide"} <= set(planned)
    assert not [rule for rule in planned if rule.startswith(("invoke", "judge", "search", "preflight"))]


def test_labelling_starts_no_paid_run(finished: Workflow) -> None:
    sent = finished.sent()
    shutil.rmtree(finished.results / "verdicts" / "swift")
    said = finished.snakemake("--cores", "2", "label", succeeds=False)
    assert "results/tiny/verdicts/swift/judge-a.parquet isn't there, and labelling buys nothing" in said
    assert "Run `snakemake` as for the report, and then `snakemake label`." in said
    assert finished.sent() == sent
