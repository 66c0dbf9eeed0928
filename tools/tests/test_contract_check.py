"""tools/check_contracts: each kind of breach is found at its line, growth is not one, and publishing takes additions only."""

import subprocess
import sys
from pathlib import Path

import pytest

READS = ["tools/check_contracts", "tools/contract_check/*", "api/*"]

ROOT = Path(__file__).resolve().parents[2]
BASE = """syntax = "proto3";

package starling.echo.v1;

import "buf/validate/validate.proto";
import "google/api/annotations.proto";
import "google/protobuf/duration.proto";
import "starling/options/v1/options.proto";

service EchoService {
  rpc Echo(EchoRequest) returns (EchoResponse) {
    option (google.api.http) = {
      post: "/echo"
      body: "*"
      additional_bindings {get: "/echo/{text}"}
    };
    option (starling.options.v1.method) = {access: ACCESS_AUTHENTICATED};
    option idempotency_level = NO_SIDE_EFFECTS;
  }
  rpc Watch(EchoRequest) returns (stream EchoResponse);
}

message EchoRequest {
  string text = 1 [(buf.validate.field).string.max_len = 100];
  optional int32 times = 2 [(buf.validate.field).int32 = {gte: 1, lte: 10}];
  repeated string tags = 3 [(buf.validate.field).repeated.items.string = {in: ["a", "b"]}];
  Mood mood = 4;
  oneof where {
    string here = 5;
    string there = 6;
  }
  google.protobuf.Duration pause = 7 [(buf.validate.field).duration.lte = {seconds: 5}];
  map<string, int32> counts = 8;
  reserved 9;
  message Inner {
    int64 id = 1;
  }
  Inner inner = 10;
}

enum Mood {
  MOOD_UNSPECIFIED = 0;
  MOOD_CALM = 1;
  MOOD_LOUD = 2;
  reserved 7;
}

message EchoResponse {
  string text = 1;
  double share = 2 [(buf.validate.field).double = {gte: 0, lte: 1}];
}
"""


STATE = "api/published/starling/echo/v1/echo.txtpb"


def check_contracts(*flags):
    return subprocess.run([sys.executable, ROOT / "tools/check_contracts", *flags], capture_output=True, text=True)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    root = tmp_path_factory.mktemp("published")
    (root / "api/starling/echo/v1").mkdir(parents=True)
    (root / "api/starling/echo/v1/echo.proto").write_text(BASE)
    result = check_contracts("--root", root, "--publish")
    assert result.returncode == 0, result.stdout + result.stderr
    return (root / STATE).read_text()


@pytest.fixture
def check(write, published):
    """check(contract, flags...) compares with BASE as it was published."""
    root = write("CMakeLists.txt", "project(echo VERSION 0.1.0)")
    write(STATE, published)

    def run(contract, *flags):
        write("api/starling/echo/v1/echo.proto", contract)
        return check_contracts("--root", root, *flags)

    return run


def changed(*edits):
    text = BASE
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


# What changes, and what is printed: line and column, then a piece of the sentence.
BREACHES = [
    (('string text = 1 [(buf.validate.field).string.max_len = 100];', ""), "23:1", "field starling.echo.v1.EchoRequest.text = 1 is published and is no longer"),
    (("int64 id = 1;", "reserved 1;"), "35:3", "field starling.echo.v1.EchoRequest.Inner.id = 1 is published"),
    (("string here = 5;", "string here = 12;"), "29:5", "here had number 5 and has 12 now"),
    (("string here = 5;", "bytes here = 5;"), "29:5", "has the type bytes; published was string"),
    (("Mood mood = 4;", "int32 mood = 4;"), "27:3", "has the type int32; published was starling.echo.v1.Mood"),
    (("map<string, int32>", "map<string, int64>"), "33:3", "CountsEntry.value has the type int64"),
    (("string here = 5;", "string hither = 5;"), "29:5", "is called hither; published was here"),
    (("Mood mood = 4;", 'Mood mood = 4 [json_name = "temper"];'), "27:3", "is called in JSON temper; published was mood"),
    (("Mood mood = 4;", "repeated Mood mood = 4;"), "27:3", "is repeated; published was singular"),
    (("optional int32 times", "int32 times"), "25:3", "is singular; published was optional"),
    (("Mood mood = 4;", "optional Mood mood = 4;"), "27:3", "is optional; published was singular"),
    (("  Mood mood = 4;\n  oneof where {", "  oneof where {\n    Mood mood = 4;"), "28:5", "belongs to the oneof where; published was nothing"),
    (("reserved 9;", ""), "23:1", "no longer reserves 9"),
    (("reserved 7;\n", ""), "41:1", "starling.echo.v1.Mood no longer reserves 7"),
    (("MOOD_LOUD = 2;", ""), "41:1", "MOOD_LOUD = 2 is published"),
    (("MOOD_LOUD = 2;", "MOOD_LOUD = 3;"), "44:3", "MOOD_LOUD had number 2 and has 3 now"),
    (("MOOD_LOUD = 2;", "MOOD_NOISY = 2;"), "44:3", "MOOD_LOUD = 2 is called MOOD_NOISY now"),
    (("  rpc Watch(EchoRequest) returns (stream EchoResponse);\n", ""), "10:1", "method starling.echo.v1.EchoService.Watch is published"),
    (("rpc Watch(EchoRequest)", "rpc Watch(stream EchoRequest)"), "20:3", "takes a stream of starling.echo.v1.EchoRequest; published was"),
    (("returns (stream EchoResponse)", "returns (EchoResponse)"), "20:3", "answers starling.echo.v1.EchoResponse; published was a stream of"),
    (("rpc Echo(EchoRequest)", "rpc Echo(EchoResponse)"), "11:3", "takes starling.echo.v1.EchoResponse"),
    (('post: "/echo"', 'post: "/echoes"'), "11:3", "no longer has the route POST /echo with body *"),
    (('      body: "*"\n', ""), "11:3", "no longer has the route POST /echo with body *"),
    (('      additional_bindings {get: "/echo/{text}"}\n', ""), "11:3", "no longer has the route GET /echo/{text}"),
    (("access: ACCESS_AUTHENTICATED", "access: ACCESS_SERVICE"), "11:3", "may be called by services; published was any named caller"),
    (("access: ACCESS_AUTHENTICATED", 'access: ACCESS_SCOPE, scope: "echo"'), "11:3", "callers with the scope echo"),
    (("    option (starling.options.v1.method) = {access: ACCESS_AUTHENTICATED};\n", ""), "11:3", "may be called by nobody"),
    (("    option idempotency_level = NO_SIDE_EFFECTS;\n", ""), "11:3", "no longer safe to repeat"),
    (("max_len = 100", "max_len = 99"), "24:3", "rule string.max_len = 99 was 100"),
    (("{gte: 1, lte: 10}", "{gte: 2, lte: 10}"), "25:3", "rule int32.gte = 2 was 1"),
    (("{gte: 1, lte: 10}", "{gte: 1, lt: 10}"), "25:3", "rule int32.lt = 10 is new"),
    (("lte = {seconds: 5}", "lte = {seconds: 4}"), "32:3", "rule duration.lte = 4s was 5s"),
    (('{in: ["a", "b"]}', '{in: ["a", "c"]}'), "26:3", "rule repeated.items.string.in = [a, c] was [a, b]"),
    (("Mood mood = 4;", "Mood mood = 4 [(buf.validate.field).enum.defined_only = true];"), "27:3", "rule enum.defined_only = true is new"),
    (("max_len = 100]", 'max_len = 100, (buf.validate.field).string.pattern = "^a"]'), "24:3", 'rule string.pattern = "^a" is new'),
    (("Inner inner = 10;", "Inner inner = 10 [(buf.validate.field).required = true];"), "38:3", "rule required = true is new"),
    (("Inner inner = 10;", "Inner inner = 10; Inner other = 11 [(buf.validate.field).required = true];"), "38:21", "rule required refuses callers who do not know it"),
    (("Inner inner = 10;", "Inner inner = 10; string name = 11 [(buf.validate.field).string.min_len = 1];"), "38:21", "string.min_len refuses callers"),
    (("oneof where {", "oneof where {\n    option (buf.validate.oneof).required = true;"), "28:3", "oneof starling.echo.v1.EchoRequest.where must be set now"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "place", "sentence"), BREACHES, ids=[sentence[:60] for _, _, sentence in BREACHES])
def test_a_breach_is_found_at_its_place(check, edit, place, sentence):
    result = check(changed(edit))
    lines = [line for line in result.stdout.splitlines() if line.startswith("api/")]
    assert result.returncode == 1, result.stdout + result.stderr
    assert any(line.startswith(f"api/starling/echo/v1/echo.proto:{place}: ") and sentence in line for line in lines), result.stdout
    assert len(lines) == 1, result.stdout


def test_what_is_gone_as_a_whole_is_found(check):
    text = BASE.replace("service EchoService {", "service OtherService {").replace("enum Mood {", "enum Temper {").replace("Mood mood = 4", "Temper mood = 4")
    found = check(text).stdout
    assert "api/starling/echo/v1/echo.proto:1:1: service starling.echo.v1.EchoService is published and is no longer there." in found
    assert "api/starling/echo/v1/echo.proto:1:1: enum starling.echo.v1.Mood is published and is no longer there." in found


GROWTH = [
    ("Inner inner = 10;", "Inner inner = 10; optional string language = 11; repeated Inner more = 12;"),
    ("Inner inner = 10;", "Inner inner = 10; string name = 11 [(buf.validate.field) = {ignore: IGNORE_IF_ZERO_VALUE, string: {min_len: 2}}];"),
    ("string there = 6;", "string there = 6;\n    string elsewhere = 13;"),
    ("MOOD_LOUD = 2;", "MOOD_LOUD = 2;\n  MOOD_TIRED = 3;"),
    ("message EchoResponse {", "message Other {}\n\nmessage EchoResponse {"),
    ("  rpc Watch(", "  rpc Again(EchoRequest) returns (EchoResponse);\n  rpc Watch("),
    ('additional_bindings {get: "/echo/{text}"}', 'additional_bindings {get: "/echo/{text}"}\n      additional_bindings {get: "/v1/echo/{text}"}'),
    ("access: ACCESS_AUTHENTICATED", "access: ACCESS_PUBLIC"),
    ("max_len = 100", "max_len = 101"),
    ("{gte: 1, lte: 10}", "{gt: 0, lt: 11}"),
    (' [(buf.validate.field).int32 = {gte: 1, lte: 10}]', ""),
    ('{in: ["a", "b"]}', '{in: ["a", "b", "c"]}'),
    ("{gte: 0, lte: 1}", "{gte: 0, lte: 0.5}"),  # callers never send it
    ("double share = 2", "// How much of it.\n  double share = 2"),
]


@pytest.mark.parametrize("edit", GROWTH, ids=[after[:60].replace("\n", " ") for _, after in GROWTH])
def test_growth_is_no_breach_and_can_be_published(check, edit):
    result = check(changed(edit), "--publish")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 breaches" in result.stdout
    again = check(changed(edit))
    assert "0 with something that is not published yet" in again.stdout


def test_what_was_published_later_holds_too(check):
    grown = changed(("Inner inner = 10;", "Inner inner = 10;\n  string language = 11;"))
    assert "1 with something that is not published yet" in check(grown).stdout
    assert check(grown, "--publish").returncode == 0
    assert "language = 11 is published and is no longer there" in check(BASE).stdout


def test_a_break_is_published_only_when_asked_for_and_only_before_1_0(check, write):
    broken = changed(("string here = 5;", "bytes here = 5;"))
    refused = check(broken, "--publish")
    assert refused.returncode == 1 and "Nothing was published" in refused.stderr
    assert check(broken).returncode == 1, "the published state has changed"
    write("CMakeLists.txt", "project(echo VERSION 1.0.0)")
    late = check(broken, "--publish", "--allow-breaking")
    assert late.returncode == 1 and "from version 1.0 on" in late.stderr
    write("CMakeLists.txt", "project(echo VERSION 0.9.0)")
    assert check(broken, "--publish", "--allow-breaking").returncode == 0
    assert check(broken).returncode == 0


def test_a_removed_contract_is_a_breach(check, write):
    write("api/starling/other/v1/other.proto", 'syntax = "proto3";\npackage starling.other.v1;\nmessage Other {}\n')
    assert check(BASE, "--publish").returncode == 0
    root = write("unused")
    (root / "api/starling/other/v1/other.proto").unlink()
    result = check(BASE)
    assert result.returncode == 1
    assert "api/starling/other/v1/other.proto:1:1: message starling.other.v1.Other is published" in result.stdout


def test_publishing_writes_what_changed_and_nothing_else(check, write, published):
    write("api/starling/other/v1/other.proto", 'syntax = "proto3";\npackage starling.other.v1;\nmessage Other {}\n')
    # As another release of protobuf might write it.
    kept = write(STATE, published.replace(": ", ":  ")) / STATE
    result = check(BASE, "--publish")
    assert result.stdout.splitlines()[1:] == ["published api/published/starling/other/v1/other.txtpb"], result.stdout
    assert kept.read_text() == published.replace(": ", ":  ")


def test_protocols_of_others_are_held_too(check, write):
    contract = 'syntax = "proto3";\npackage inference;\nmessage ServerReadyRequest { bool strict = 1; }\n'
    write("api/inference/service.proto", contract)
    assert check(BASE, "--publish").returncode == 0
    write("api/inference/service.proto", contract.replace("= 1", "= 2"))
    assert "api/inference/service.proto:3:30: field inference.ServerReadyRequest.strict had number 1 and has 2 now" in check(BASE).stdout


def test_another_syntax_is_a_breach(check, write):
    """Presence and unknown enum values differ between the two, for the same text."""
    contract = 'syntax = "proto3";\npackage starling.other.v1;\nenum Kind { KIND_UNSPECIFIED = 0; }\n'
    write("api/starling/other/v1/other.proto", contract)
    assert check(BASE, "--publish").returncode == 0
    write("api/starling/other/v1/other.proto", contract.replace("proto3", "proto2"))
    result = check(BASE)
    assert result.returncode == 1
    assert "api/starling/other/v1/other.proto:1:1: the syntax is proto2; published was proto3." in result.stdout


def test_the_published_contracts_of_this_tree_hold():
    result = check_contracts()
    assert result.returncode == 0, result.stdout + result.stderr
