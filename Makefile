# Everything that people type. `make help` lists it; the work is done by CMake and by the scripts in tools/ and third_party/.
PRESET ?= release
CONFIG ?= configs/all.yaml
MAKEFLAGS += --no-print-directory
BINARY := build/$(PRESET)/starling

.PHONY: help run build test test-tsan test-long lint format bench clean fetch configure
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## install what is missing, build, start every service on 127.0.0.1
	@exec $(BINARY) serve --config $(CONFIG)

build: configure ## build/release/starling (PRESET=dev, asan-ubsan or tsan for the others)
	@ninja -C build/$(PRESET) starling

test: build/.stamp/debian-test build/venv/requirements.stamp fetch ## everything that must hold
	@tools/run_tests

test-tsan: build/.stamp/debian-test build/venv/requirements.stamp fetch ## the unit tests under the thread sanitizer
	@tools/run_tests tsan

test-long: build/.stamp/debian-test build/venv/requirements.stamp fetch ## an hour and more: fuzzing, thread sanitizer, full counts, a fresh machine
	@tools/run_tests build fuzz tsan long
	@tools/fresh_machine

lint: build/.stamp/debian-test build/venv/requirements.stamp fetch ## structure, format and clang-tidy only
	@tools/run_tests structure format lint

format: build/.stamp/debian-test ## rewrite our C++ files as .clang-format says
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 -i

bench: build ## the figures in docs/performance.md
	@exec bench/run

clean: ## remove build/ (fetched packages stay in third_party/.cache)
	rm -rf build

# Each of these takes some hundredths of a second when there is nothing to do.
build/.stamp/debian: third_party/debian.txt tools/install_debian
	@tools/install_debian
	@mkdir -p $(@D) && touch $@

build/.stamp/debian-test: third_party/debian.txt third_party/debian-test.txt tools/install_debian
	@tools/install_debian --tests
# What was configured before did not know them.
	@rm -f build/*/build.ninja
	@mkdir -p $(@D) && touch $@ build/.stamp/debian

build/venv/requirements.stamp: tests/requirements.txt tools/python_env | build/.stamp/debian
	@tools/python_env

fetch: build/.stamp/debian
	@third_party/fetch

configure: fetch
	@test -f build/$(PRESET)/build.ninja || cmake --preset $(PRESET)
