.PHONY: build
build:
	cmake --preset release && ninja -C build/release
