"""/docs: Swagger UI out of the program itself, in a real browser."""

import gzip
import http.client
import json
import re
from urllib.parse import urlsplit

import httpx
import pytest

from harness.browser import CHROMIUM, Browser
from harness.program import Program
from harness.waiting import wait_for

FILES = {
    "/docs": "text/html; charset=utf-8",
    "/docs/docs.js": "text/javascript; charset=utf-8",
    "/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "/docs/swagger-ui.css": "text/css; charset=utf-8",
    "/docs/favicon-32x32.png": "image/png",
}


def get(url, path, **headers):
    """Status, headers and body as they come, without a client that unpacks."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


@pytest.mark.parametrize("path", FILES)
def test_files_come_packed_or_plain(starling, path):
    status, plain_headers, plain = get(starling.url, path)
    assert status == 200 and "content-encoding" not in plain_headers
    assert plain_headers["content-type"] == FILES[path]
    status, packed_headers, packed = get(starling.url, path, accept_encoding="br;q=1, gzip;q=0.8")
    assert status == 200 and packed_headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == plain
    assert packed_headers["vary"] == "accept-encoding"
    assert packed_headers["etag"] != plain_headers["etag"]
    assert get(starling.url, path, accept_encoding="gzip;q=0")[2] == plain
    status, headers, body = get(starling.url, path, accept_encoding="gzip", if_none_match=packed_headers["etag"])
    assert (status, body) == (304, b"") and headers["etag"] == packed_headers["etag"]


def test_page_names_nothing_elsewhere(starling):
    status, headers, body = get(starling.url, "/docs")
    assert status == 200
    assert not re.search(rb"https?://", body)
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and policy["connect-src"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"


def test_slash_leads_to_the_page(starling):
    answer = httpx.get(starling.url + "/docs/", follow_redirects=True)
    assert [step.status_code for step in answer.history] == [308]
    assert answer.url.path == "/docs" and answer.status_code == 200


def test_setting_switches_it_off():
    with Program({"server": {"docs": False}}, models=[]) as program:
        assert httpx.get(program.url + "/docs").status_code == 404
        assert httpx.get(program.url + "/docs/docs.js").status_code == 404
        assert httpx.get(program.url + "/openapi.json").status_code == 200


@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")
@pytest.mark.timeout(240)
def test_every_operation_and_try_it_out_in_a_browser(starling):
    document = httpx.get(starling.url + "/openapi.json").json()
    with Browser() as browser:
        browser.open(starling.url + "/docs")
        # The page holds what is to be seen, and a little more: whoever scrolls through it sees all.
        shown, wanted = set(), sum(len(verbs) for verbs in document["paths"].values())

        def all_shown():
            shown.update(browser.run("[...document.querySelectorAll('.opblock')].map(element => element.id)"))
            browser.run("window.scrollBy(0, 500)")
            return len(shown) >= wanted

        browser.wait("document.querySelectorAll('.opblock').length")
        wait_for(all_shown, 60, f"{wanted} operations on the page")
        browser.run("window.scrollTo(0, 0)")
        browser.click("#operations-Sentiment-SentimentService_AnalyzeSentiment .opblock-summary-control")
        browser.click("#operations-Sentiment-SentimentService_AnalyzeSentiment .try-out__btn")
        browser.click("#operations-Sentiment-SentimentService_AnalyzeSentiment .execute")
        status = "#operations-Sentiment-SentimentService_AnalyzeSentiment .live-responses-table tbody td.response-col_status"
        assert browser.wait(f"(document.querySelector({json.dumps(status)}) || {{}}).innerText").startswith("200")
        answer = browser.wait("(document.querySelector('.live-responses-table .highlight-code') || {}).innerText")
        assert json.loads(answer[answer.index("{") : answer.rindex("}") + 1])["results"][0]["sentiment"] == "positive"
        assert browser.complaints == []
        assert browser.hosts() == {urlsplit(starling.url).netloc}
        assert starling.url + "/analyze-sentiment" in browser.requests
