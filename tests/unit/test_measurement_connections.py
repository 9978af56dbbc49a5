"""What opening connections took is told from the requests that were the first of one."""

from assay.measurement.connections import opened


def test_only_requests_that_opened_a_connection_count() -> None:
    records = [
        {"connect_ms": 10.0, "tls_ms": 30.0},
        {"connect_ms": None, "tls_ms": None},
        {"connect_ms": 20.0, "tls_ms": 50.0},
    ]
    assert opened(records) == {"opened": 2, "connect_ms_p50": 15.0, "tls_ms_p50": 40.0}


def test_what_did_not_happen_is_null() -> None:
    assert opened([{"connect_ms": 1.0, "tls_ms": None}])["tls_ms_p50"] is None
    assert opened([]) == {"opened": 0, "connect_ms_p50": None, "tls_ms_p50": None}
