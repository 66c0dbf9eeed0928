"""/livez and /readyz: each service, and why it is not ready."""

import httpx
from harness.program import TINY_SENTIMENT, Program
from harness.waiting import wait_for


def test_live_and_ready(starling):
    live = httpx.get(starling.url + "/livez")
    assert (live.status_code, live.json()) == (200, {"live": True})
    for url in (starling.url, starling.admin_url):
        ready = httpx.get(url + "/readyz")
        assert ready.status_code == 200
        assert ready.headers["content-type"] == "application/json" and ready.headers["cache-control"] == "no-store"
        body = ready.json()
        assert body["ready"] is True
        assert body["services"]["sentiment"] == {"ready": True} and body["services"]["models"] == {"ready": True}


def test_a_service_that_is_not_ready_says_why(tmp_path):
    """A child that never serves: live all the while, not ready, and the others answer."""
    broken = {"mode": "process", "command": ["/bin/false"], "start_timeout": "1s"}
    with Program({"placement": {"spam": broken}}, wait_ready=False, models=[TINY_SENTIMENT]) as program:

        def failed():
            answer = httpx.get(program.url + "/readyz")
            return answer if answer.status_code == 503 and "exit" in answer.text else None

        answer = wait_for(failed, what="the reason of the failure")
        body = answer.json()
        assert body["ready"] is False and int(answer.headers["retry-after"]) > 0
        assert body["services"]["spam"]["ready"] is False and body["services"]["spam"]["reason"]
        wait_for(lambda: httpx.get(program.url + "/readyz").json()["services"]["models"]["ready"], 60, "the model")
        assert httpx.get(program.url + "/livez").status_code == 200
        assert httpx.post(program.url + "/analyze-sentiment", json={"texts": ["a"]}).status_code == 200


def test_readiness_does_not_depend_on_remote_services():
    remote = {"mode": "remote", "targets": ["127.0.0.1:9"], "plaintext": True}
    with Program({"placement": {"models": remote}}) as program:
        assert httpx.get(program.url + "/readyz").json()["services"]["models"] == {"ready": True}
        answer = httpx.post(program.url + "/analyze-sentiment", json={"texts": ["a"]}, timeout=60)
        assert answer.status_code in (502, 503, 504)
