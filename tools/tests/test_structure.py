"""Every rule of tools/check_structure finds the breach that it is there for, and lets the clean counterpart pass."""

import tomllib
from pathlib import Path

import pytest

from structure import folders, includes, text
from structure.tree import Tree

READS = ["tools/structure/*", "tools/check_structure"]

TOOLS = Path(__file__).resolve().parents[1]
RULES = tomllib.loads((TOOLS / "structure" / "rules.toml").read_text(encoding="utf-8"))


def findings(check, root):
    return [str(finding) for finding in check(Tree(root), RULES)]


# file that includes, what it includes, what the finding must say (None: allowed)
INCLUDES = [
    ("src/core/http/a.cc", '#include "core/async/x.h"', None),
    ("src/core/async/a.cc", '#include "core/http/x.h"', "comes after it"),
    ("src/core/async/a_test.cc", '#include "core/http/x.h"', None),
    ("src/base/a.cc", '#include "core/async/x.h"', "base must not include core"),
    ("src/core/http/a.cc", '#include "services/sentiment/x.h"', "core must not include services"),
    ("src/services/sentiment/a.cc", '#include "services/chat/x.h"', "another of the services"),
    ("src/services/sentiment/a.cc", '#include "backends/inference_openvino/x.h"', "services must not include backends"),
    ("src/backends/inference_openvino/a.cc", '#include "backends/store_redis/x.h"', "another of the backends"),
    ("src/app/a.cc", '#include "services/sentiment/x.h"', None),
    ("src/services/sentiment/a.cc", "#include <boost/asio.hpp>", "boost belongs to"),
    ("src/services/sentiment/a.cc", '#include "starling/chat/v1/chat.h"', None),
    ("src/core/rpc/a.cc", '#include "starling/chat/v1/chat.h"', "base contracts only"),
    ("src/core/rpc/a.cc", "#include <nghttp2/nghttp2.h>", "nghttp2 belongs to"),
    ("src/core/http/a.cc", "#include <nghttp2/nghttp2.h>", None),
    ("src/core/config/a.cc", "#include <yaml-cpp/yaml.h>", None),
    ("src/core/config/a.h", "#include <yaml-cpp/yaml.h>", "must stay in .cc files"),
    ("src/core/run/a.cc", "#include <openvino/openvino.hpp>", "openvino belongs to"),
    ("src/core/run/a.cc", "#include <gtest/gtest.h>", "gtest belongs to"),
    ("src/core/run/a_test.cc", "#include <gtest/gtest.h>", None),
    ("src/core/run/a.cc", "#include <rdkafka/rdkafka.h>", "in no rule"),
    ("src/core/run/a.cc", '#include "core/run/missing.h"', "is no file under src/"),
    ("src/core/run/a.cc", "#include <sys/socket.h>\n#include <vector>", None),
    ("src/core/surprise/a.cc", '#include "core/async/x.h"', "has no place in core_order"),
]


@pytest.mark.parametrize("path, include, expected", INCLUDES)
def test_includes(write, path, include, expected):
    for header in ("core/async", "core/http", "services/sentiment", "services/chat", "backends/store_redis", "backends/inference_openvino"):
        write(f"src/{header}/x.h")
    found = findings(includes.check, write(path, include + "\n"))
    assert (expected in found[0] if expected else found == []), found


def test_own_header_comes_first(write):
    write("src/base/a.h")
    write("src/base/b.h")
    assert not findings(includes.check, write("src/base/a.cc", '#include "base/a.h"\n#include "base/b.h"\n'))
    found = findings(includes.check, write("src/base/a.cc", '#include "base/b.h"\n#include "base/a.h"\n'))
    assert "own header" in found[0]


def test_long_file(write):
    assert not findings(folders.check_length, write("src/a.cc", "x\n" * RULES["max_lines"]))
    assert findings(folders.check_length, write("src/a.cc", "x\n" * (RULES["max_lines"] + 1)))


def test_service_folder(write):
    for name in [*RULES["service"]["files"], "config.h", "config.cc", "rule_test.cc", "blackbox/test_rule.py"]:
        root = write(f"src/services/echo/{name}")
    write("src/app/services.def", "STARLING_SERVICE(echo)\n")
    assert not findings(folders.check_services, root)
    for missing in (root / "src/services/echo").rglob("*"):
        if missing.is_file():
            content = missing.read_bytes()
            missing.unlink()
            assert len(findings(folders.check_services, root)) == 1, missing
            missing.write_bytes(content)


def test_services_and_their_list_agree(write):
    root = write("src/app/services.def", "// Every service\nSTARLING_SERVICE(echo)\n")
    assert [str(finding) for finding in findings(folders.check_services, root)] == [
        "src/app/services.def:2: there is no folder src/services/echo"
    ]
    write("src/app/services.def", "")
    write("src/services/echo/README.md")
    assert "src/services/echo:1: src/app/services.def has no line" in str(findings(folders.check_services, root)[0])


def test_service_in_another_language(write):
    """Without an implementation here there is nothing to configure or to unit-test."""
    for name in [*RULES["service"]["files"], "blackbox/test_rule.py"]:
        root = write(f"src/services/echo/{name}")
    write("src/app/services.def", "STARLING_SERVICE(echo)\n")
    assert len(findings(folders.check_services, root)) == 3
    write("src/services/echo/service.cc", "      .create = nullptr,")
    assert not findings(folders.check_services, root)


def test_unlisted_source(write):
    write("src/base/CMakeLists.txt", "starling_library(base SOURCES a.cc)")
    write("src/base/a.cc")
    assert findings(folders.check_build_lists, write("src/base/b.cc")) == [
        "src/base/b.cc:1: no CMakeLists.txt names this file"
    ]


def test_map(write):
    write("src/base/a.h")
    write("tools/x")
    map_text = "# Name\n## The map\n| `src/` | code |\n| `src/base/` | base |\n| `tools/` | tools |\n"
    assert not findings(folders.check_map, write("README.md", map_text))
    assert "does not exist" in findings(folders.check_map, write("README.md", map_text + "| `gone/` | |\n"))[0]
    assert "lacks tools/" in findings(folders.check_map, write("README.md", map_text.replace("| `tools/` | tools |", "")))[0]


def test_machine_path(write):
    root = write("docs/a.md", "see /" + "home/somebody/x\n")
    assert findings(text.check_machine_paths, root)
    assert not findings(text.check_machine_paths, write("docs/a.md", "see /usr/share and a/home/b and /tmp/x\n"))


@pytest.mark.parametrize("path, line", [("src/base/a_test.cc", "std::this_thread::sleep_for(1s);"), ("tests/blackbox/test_a.py", "time.sleep(1)")])
def test_sleep(write, path, line):
    assert findings(text.check_sleep, write(path, line))
    (write(path) / path).unlink()
    assert not findings(text.check_sleep, write("src/base/a.cc", line))
    assert not findings(text.check_sleep, write("tests/blackbox/waiting.py", line))


def test_conditional_compilation(write):
    assert findings(text.check_conditionals, write("src/core/run/a.cc", "#ifdef WITH_KAFKA\n"))
    assert not findings(text.check_conditionals, write("src/core/run/a.cc", "#ifndef GUARD_H\n#if defined(__SANITIZE_THREAD__)\n"))
    assert not findings(text.check_conditionals, write("src/backends/bus_kafka/a.cc", "#ifdef WITH_TLS\n"))


BAD_LAMBDAS = [
    "co_await Run([state] { return 1; });",
    "auto x = co_await Run(\n    executor, [x = std::move(x)]() -> Task<int> { co_return x; });",
    "co_await Run([=]() { return a; });",
    "co_await Run([this, &a, b]() { return b; });",
]
GOOD_LAMBDAS = [
    "co_await Run([] { return 1; });",
    "co_await Run([this, &a]() { return a; });",
    "co_await Run([&] { return a; });",
    "auto work = [state] { return 1; };\nco_await Run(work);",
    "co_await list[index](1);",
    "co_await a;\nauto work = [state] { return 1; };",
    "if (co_await Ready()) { auto work = [state] { return 1; }; }",
]


@pytest.mark.parametrize("code", BAD_LAMBDAS)
def test_lambda_in_co_await(write, code):
    assert len(findings(text.check_coroutine_lambdas, write("src/base/a.cc", code))) == 1


@pytest.mark.parametrize("code", GOOD_LAMBDAS)
def test_named_lambda_in_co_await(write, code):
    assert not findings(text.check_coroutine_lambdas, write("src/base/a.cc", code))
