"""MLServer as an upstream, over REST (in JSON alone) and over gRPC: the same trees as here, so the same answers."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from harness.program import ROOT
from harness.waiting import wait_for

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(ROOT / "bench"))
from test_remote import serve  # noqa: E402

READS = ["src/*", "api/inference/*", "tests/harness/*", "bench/*", "models/fraud/*"]

FEATURES = 26
LOCAL = "runtime: xgboost\nfile: {file}"
REMOTE = "runtime: remote\nruntime_options: {{url: '{url}', model: fraud}}"
PACKAGE = """
name: {name}
version: "1"
task: tensors
{runtime}
inputs: [{{name: features, datatype: FP32, shape: [-1, 26]}}]
outputs: [{{name: {output}, datatype: FP32, shape: [-1, 1]}}]
"""


@pytest.fixture(scope="module")
def mlserver(tmp_path_factory):
    """Its two addresses."""
    from figures.servers import free_port, python_of

    home, http, grpc = tmp_path_factory.mktemp("mlserver"), free_port(), free_port()
    tensor = {"datatype": "FP32"}
    model = {"name": "fraud", "implementation": "mlserver_xgboost.XGBoostModel", "parameters": {"uri": str(ROOT / "models/fraud/fraud.ubj")},
             "inputs": [tensor | {"name": "features", "shape": [-1, FEATURES]}], "outputs": [tensor | {"name": "predict", "shape": [-1, 1]}]}
    settings = {"host": "127.0.0.1", "http_port": http, "grpc_port": grpc, "metrics_port": free_port(), "parallel_workers": 0, "debug": False}
    (home / "settings.json").write_text(json.dumps(settings))
    (home / "model-settings.json").write_text(json.dumps(model))
    with open(home / "log", "wb") as log:
        process = subprocess.Popen([python_of("mlserver").parent / "mlserver", "start", home], stdout=log, stderr=log)

    def is_ready():
        try:
            return httpx.get(f"http://127.0.0.1:{http}/v2/models/fraud/ready").status_code == 200
        except httpx.HTTPError:
            return False

    try:
        wait_for(is_ready, 60, "MLServer")
        yield {"rest": f"http://127.0.0.1:{http}", "grpc": f"grpc://127.0.0.1:{grpc}"}
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_mlserver_answers_as_we_do(mlserver, tmp_path):
    packages = {"local": ("probabilities", LOCAL.format(file=ROOT / "models/fraud/fraud.ubj"))}
    packages |= {name: ("predict", REMOTE.format(url=url)) for name, url in mlserver.items()}
    for name, (output, runtime) in packages.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.yaml").write_text(PACKAGE.format(name=name, output=output, runtime=runtime))
    with serve(*(str(tmp_path / name) for name in packages)) as program:
        rows = [[(row * column % 7) / 3 - 1 for column in range(FEATURES)] for row in range(5)]
        body = {"inputs": [{"name": "features", "datatype": "FP32", "shape": [len(rows), FEATURES], "data": rows}]}
        answers = {}
        for name in packages:
            answer = httpx.post(f"{program.url}/v2/models/{name}/infer", json=body, headers=program.headers, timeout=30)
            assert answer.status_code == 200, (name, answer.text)
            answers[name] = answer.json()["outputs"][0]["data"]
        assert len(set(answers["local"])) > 1
        assert answers["rest"] == pytest.approx(answers["local"], rel=1e-5) and answers["grpc"] == pytest.approx(answers["local"], rel=1e-5)
