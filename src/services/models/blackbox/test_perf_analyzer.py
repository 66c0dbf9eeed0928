"""NVIDIA's perf_analyzer, unchanged: it asks for metadata, configuration and statistics, loads the model and reads its own figures."""

import re

import pytest
from harness.open_inference import start
from harness.perf_analyzer import perf_analyzer  # noqa: F401  (a fixture)

READS = ["src/*", "api/inference/*", "tests/harness/*", "tests/perf_analyzer/*"]

REQUESTS = 40


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    with start(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("protocol", "options"),
    [
        ("http", []),
        ("http", ["--input-tensor-format", "json", "--output-tensor-format", "json"]),
        ("grpc", []),
        ("grpc", ["--streaming", "--async"]),
    ],
    ids=["binary", "json", "grpc", "stream"],
)
def test_it_measures_the_model(perf_analyzer, program, protocol, options):  # noqa: F811
    address = program.addresses["http"] if protocol == "http" else program.grpc
    # gRPC's names of metadata are in lower case.
    key = f"{'Authorization' if protocol == 'http' else 'authorization'}:{program.headers['Authorization']}"
    printed = perf_analyzer("-m", "sums", "-u", address, "-i", protocol, "-H", key, "-b", 2, "--shape", "ids:3", "--shape", "weights:2",
                            "--concurrency-range", 4, "--request-count", REQUESTS, *options)
    client, server = printed.split("  Server: ")
    assert int(re.search(r"Request count: (\d+)", client).group(1)) >= REQUESTS, printed
    assert float(re.search(r"throughput: ([\d.]+) infer/sec", server).group(1)) > 0, printed
    # What the statistics extension says: two rows a request. It asks for that while the first and last requests are under way.
    answered = int(re.search(r"Successful request count: (\d+)", server).group(1))
    assert answered >= REQUESTS // 2 and int(re.search(r"Inference count: (\d+)", server).group(1)) == 2 * answered, printed
