"""The server under test, over HTTP: plain requests, what came back, and what is known of its model."""

import dataclasses
import http.client
import json
import urllib.parse


class Broken(Exception):
    """A rule is broken; the message says how."""


class NotApplicable(Exception):
    """The server, or this call of the kit, does not have what the rule is about."""


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict  # names in lower case
    body: bytes

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Broken(f"the body is not JSON: {self.body[:80]!r}") from error


class Server:
    def __init__(self, url, headers, timeout_s):
        parts = urllib.parse.urlsplit(url)
        self._https, self._host, self._base = parts.scheme == "https", parts.netloc, parts.path.rstrip("/")
        self._headers, self._timeout_s = headers, timeout_s
        self.model = None  # name, once it is chosen
        self.metadata = None
        self.shapes = {}  # input's name: shape to send

    def request(self, verb, path, body=None, headers=None):
        kind = http.client.HTTPSConnection if self._https else http.client.HTTPConnection
        connection = kind(self._host, timeout=self._timeout_s)
        try:
            connection.request(verb, self._base + path, body, {**self._headers, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except (OSError, http.client.HTTPException) as error:
            raise Broken(f"{verb} {path} was not answered: {error!r}") from error
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def model_path(self, rest="", version=None):
        path = "/v2/models/" + urllib.parse.quote(self.model, safe="")
        return path + (f"/versions/{urllib.parse.quote(version, safe='')}" if version else "") + rest

    def infer(self, request, version=None):
        """`request`: an object, or text that is to be sent as it is."""
        text = request if isinstance(request, (str, bytes)) else json.dumps(request)
        return self.request("POST", self.model_path("/infer", version), text, {"Content-Type": "application/json"})

    def infer_binary(self, header, binary):
        """JSON with `binary` behind it."""
        text = json.dumps(header).encode()
        return self.request("POST", self.model_path("/infer"), text + binary,
                            {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(text))})

    def extensions(self):
        return self.get("/v2").json().get("extensions", [])

    def need_extension(self, *names):
        if not set(names) & set(self.extensions()):
            raise NotApplicable(f"the server lists no extension {names[0]}")

    def choose_model(self, name):
        self.model = name
        answer = self.get(self.model_path())
        if answer.status != 200:
            raise Broken(f"GET {self.model_path()} answers {answer.status}: {answer.body[:120]!r}")
        self.metadata = answer.json()


def expect(condition, sentence):
    if not condition:
        raise Broken(sentence)


def expect_ok(answer, what):
    expect(answer.status == 200, f"{what} answers {answer.status}: {answer.body[:160]!r}")
    return answer


def expect_error(answer, what):
    """The protocol's error: an HTTP error status, and an object whose `error` is a string."""
    expect(answer.status >= 400, f"{what} answers {answer.status}, not an error")
    body = answer.json()
    expect(isinstance(body, dict) and isinstance(body.get("error"), str) and body["error"],
           f"{what}: the body of the {answer.status} has no string 'error': {answer.body[:100]!r}")
    return answer


def expect_callers_fault(answer, what):
    expect(400 <= answer.status < 500, f"{what} answers {answer.status}, though the caller is at fault")
