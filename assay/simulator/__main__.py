"""The simulator's command line: `python -m assay.simulator --behaviour FILE`."""

import argparse
import sys
from pathlib import Path

from assay.errors import InputError
from assay.simulator import server


def main() -> None:
    """Serve, or say in one message why not (exit status 2)."""
    parser = argparse.ArgumentParser(
        prog="python -m assay.simulator",
        description="A local server that speaks bedrock-runtime. Says its port as JSON when it listens; ends when its "
        "standard input closes.",
    )
    parser.add_argument("--behaviour", type=Path, required=True, help="YAML file: how each model behaves")
    parser.add_argument(
        "--answer-key", type=Path, help="JSON lines: right and wrong answers by the prompt's hash"
    )
    parser.add_argument("--journal", type=Path, help="file that an account of every request is appended to")
    parser.add_argument("--port", type=int, default=0, help="port on loopback; by default any that is free")
    parser.add_argument("--keep", action="store_true", help="go on when standard input closes")
    parser.add_argument("--tls-cert", type=Path, help="PEM file: serve TLS with this certificate")
    parser.add_argument("--tls-key", type=Path, help="PEM file: the certificate's key")
    given = parser.parse_args()
    try:
        server.run(
            given.behaviour,
            given.answer_key,
            given.journal,
            given.port,
            given.keep,
            given.tls_cert,
            given.tls_key,
        )
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
