"""What the code generator says of contracts that it cannot turn into code: file, line, column and reason."""

import re
import subprocess
from pathlib import Path

import google.api.annotations_pb2 as annotations
import pytest
from grpc_tools import protoc

READS = ["api/*", "build/release/tools/protoc_gen_starling/protoc-gen-starling"]

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "build/release/tools/protoc_gen_starling/protoc-gen-starling"
HEAD = """syntax = "proto3";
package x.v1;
import "buf/validate/validate.proto";
import "google/api/annotations.proto";
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
message P { string city = 1; repeated string list = 2; }
"""


def generate(folder, text):
    """Exit status and stderr of the generator for a contract that consists of HEAD and, from line 8 on, `text`."""
    (folder / "x.proto").write_text(HEAD + text)
    includes = [folder, ROOT / "api", Path(annotations.__file__).parents[2], Path(protoc.__file__).parent / "_proto"]
    command = ["protoc", *(f"-I{path}" for path in includes), f"--plugin={PLUGIN}", f"--starling_out={folder}", "x.proto"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, "".join(line + "\n" for line in done.stderr.splitlines() if "warning: Import" not in line)


def field(declaration):
    return "message M {\n  " + declaration + "\n}\n"


def route(rule):
    return 'message M { P place = 1; string name = 2; }\nservice S {\n  rpc Get(M) returns (P) {\n    option (google.api.http) = {' + rule + "};\n  }\n}\n"


def test_a_sound_contract_passes(tmp_path):
    assert generate(tmp_path, field("int32 a = 1 [(buf.validate.field).int32.gte = 0];")) == (0, "")
    assert generate(tmp_path, route('get: "/a/{place.city}/{name=**}"')) == (0, "")


def test_what_is_generated_includes_no_transport(tmp_path):
    """Nothing but messages and what stands before the transports in the order of core, which tools/check_structure holds."""
    stream = "message M { string name = 1; }\nservice S {\n  rpc Get(M) returns (P) { option (google.api.http) = {get: \"/a/{name}\"}; }\n  rpc Watch(stream M) returns (stream P);\n}\n"
    assert generate(tmp_path, stream) == (0, "")
    written = [path for path in tmp_path.rglob("*") if path.suffix in (".h", ".cc")]
    included = {name for path in written for name in re.findall(r'^#include "(.+)"$', path.read_text(), re.MULTILINE)}
    assert len(written) >= 2 and "core/rpc/endpoint.h" in included
    foreign = {name for name in included if not name.startswith(("absl/", "core/rpc/", "core/async/", "core/context/", "x."))}
    assert not foreign
    angled = {name for path in written for name in re.findall(r"^#include <(.+)>$", path.read_text(), re.MULTILINE)}
    assert not {name for name in angled if "/" in name or "." in name}, angled


@pytest.mark.parametrize(
    "declaration, place, reason",
    [
        ("int32 a = 1 [(buf.validate.field).string.min_len = 1];", "options", "rules of type string do not fit the field's type int32"),
        ("P a = 1 [(buf.validate.field).string.min_len = 1];", "options", "do not fit the field's type x.v1.P"),
        ("int32 a = 1 [(buf.validate.field).int32 = {gte: 2, lte: 1}];", "options", "no value is within both bounds"),
        ("int32 a = 1 [(buf.validate.field).int32 = {gt: 2, lte: 2}];", "options", "no value is within both bounds"),
        ("string a = 1 [(buf.validate.field).string = {min_len: 2, max_len: 1}];", "options", "min_len is above max_len"),
        ('string a = 1 [(buf.validate.field).string.pattern = "("];', "options", "the pattern is no regular expression of RE2"),
        ("double a = 1 [(buf.validate.field).double = {gte: nan}];", "options", "must be a finite number"),
        ("repeated string a = 1 [(buf.validate.field).string.min_len = 1];", "options", "the field is a list"),
        ("repeated P a = 1 [(buf.validate.field).repeated.unique = true];", "options", "unique is for lists of scalars and enums"),
        ("repeated P a = 1 [(buf.validate.field).repeated.items.required = true];", "options", "required has no meaning for items"),
        ("repeated P a = 1 [(buf.validate.field).repeated = {min_items: 2, max_items: 1}];", "options", "the least size is above the largest"),
        ("map<string, int32> a = 1 [(buf.validate.field).repeated.min_items = 1];", "options", "the field is a map"),
        ("google.protobuf.Any a = 1;", "9:3", "google.protobuf.Any cannot be a field"),
        ("map<string, google.protobuf.Any> a = 1;", "9:3", "google.protobuf.Any cannot be a field"),
        ("string a = 1 [(buf.validate.field).string.hostname = true];", "9:17: ", "hostname"),
        ('int32 a = 1; int32 b = 2 [json_name = "a"];', "9:", "JSON name"),
    ],
)
def test_faults_of_fields(tmp_path, declaration, place, reason):
    status, said = generate(tmp_path, field(declaration))
    assert status != 0
    if place == "options":
        place = f"9:{len('  ') + declaration.index('[') + 1}: "
    assert f"x.proto:{place}" in said and reason in said, said


@pytest.mark.parametrize(
    "rule, reason",
    [
        ('get: "/a/{nothing}"', "the path's variable {nothing} is no field of the request"),
        ('get: "/a/{place}"', "the path's variable {place} is a message"),
        ('get: "/a/{place.list}"', "the path's variable {place.list} is a list or a map"),
        ('get: "/a/{name.city}"', "goes into a field that is no message"),
        ('get: "/a/{name=b/*}"', "must be {name}, {name=*} or {name=**}"),
        ('get: "/a/{name"', "has a { without its }"),
        ('post: "/a" body: "nothing"', "there is no field nothing in x.v1.M"),
        ('get: "/a" response_body: "nothing"', "there is no field nothing in x.v1.P"),
    ],
)
def test_faults_of_routes(tmp_path, rule, reason):
    status, said = generate(tmp_path, route(rule))
    assert status != 0
    assert "x.proto:11:5: " in said and reason in said, said
