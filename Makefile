# A thin front to the CMake presets (CMakePresets.json). `make` alone lists what there is.
SAMPLE ?= tests/data/sample.pcapng
ARGS ?=
FUZZ_SECONDS ?= 60
BENCH_ARGS ?=

export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell nproc)
export CTEST_PARALLEL_LEVEL ?= $(shell nproc)
# A check of UBSan that fails is an illegal instruction, told with the lines that led to it.
export ASAN_OPTIONS ?= handle_sigill=1

.DEFAULT_GOAL := help
.PHONY: help setup setup-build run build test tsan bench fuzz format check-format coverage core lint valgrind install deb docs clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

setup:  ## install the Debian packages of packages.txt and packages-dev.txt that are missing
	@tools/setup.sh packages.txt packages-dev.txt

setup-build:
	@tools/setup.sh packages.txt

run: build  ## build, and list the connections of the bundled capture (SAMPLE=FILE, ARGS="follow 1")
	build/release/restitch $(ARGS) $(SAMPLE)

build: setup-build  ## build the command: build/release/restitch
	cmake --preset release -D RESTITCH_TESTS=OFF
	cmake --build --preset release --target tool

test: setup  ## build with AddressSanitizer and UBSan, warnings as errors, and run all tests
	cmake --preset dev
	cmake --build --preset dev
	rm -rf build/dev/gtest
	ctest --preset dev --output-junit results.xml

tsan: setup  ## the tests of everything that meets threads, under ThreadSanitizer
	cmake --preset tsan
	cmake --build --preset tsan --target tool threads_tests live_tests lossy_link live_digests
	ctest --preset tsan --label-regex "^(threads|live)$$"

bench: setup  ## build and run the benchmarks, ends in tables (BENCH_ARGS="--scale 1 --workloads A,B")
	cmake --preset bench
	cmake --build --preset bench
	python3 tools/bench.py $(BENCH_ARGS)

fuzz: setup  ## run every fuzz target for FUZZ_SECONDS (60)
	cmake --preset fuzz
	cmake --build --preset fuzz --target fuzz_targets
	tools/fuzz.sh $(FUZZ_SECONDS)

format: setup  ## format the C++ sources in place
	python3 tests/guards/format.py . --fix

check-format: setup  ## say which C++ sources are not formatted
	python3 tests/guards/format.py .

lint: setup  ## clang-tidy and cppcheck over src/ and include/
	cmake --preset release -D RESTITCH_TESTS=ON
	tools/lint.sh

valgrind: setup  ## the tests of packet and reassembly, and the command over SAMPLE, under valgrind's memcheck
	cmake --preset release -D RESTITCH_TESTS=ON
	cmake --build --preset release --target tool core_tests
	tools/valgrind.sh build/release/tests/core_tests build/release/restitch $(SAMPLE)

# The pages are gcovr's; the bars are held by tools/coverage.py, which knows templates and calls better.
# Counters that two processes wrote at a time can be off; gcovr is to skip those lines.
coverage: setup  ## run the tests, report line and branch coverage (build/coverage/report/index.html), hold the bars
	cmake --preset coverage
	cmake --build --preset coverage
	find build/coverage -name '*.gcda' -delete
	ctest --preset coverage
	mkdir -p build/coverage/report
	gcovr --root . --object-directory build/coverage --filter 'src/' --filter 'include/' \
	  --exclude-directories 'build/coverage/CMakeFiles/[0-9]' --exclude-throw-branches --gcov-ignore-parse-errors \
	  --html-details build/coverage/report/index.html
	python3 tools/coverage.py build/coverage

core: setup  ## the bars of coverage for packet and reassembly by their own tests alone, and memcheck
	cmake --preset release
	cmake --build --preset release --target tool
	cmake --preset core
	cmake --build --preset core --target core_tests faults_tests
	find build/core -name '*.gcda' -delete
	build/core/tests/core_tests --gtest_brief=1
	build/core/tests/faults_tests --gtest_brief=1
	python3 tools/coverage.py build/core
	tools/valgrind.sh build/core/tests/core_tests build/release/restitch $(SAMPLE)

install: build  ## install to PREFIX (/usr/local)
	cmake --build --preset release
	cmake --install build/release $(if $(PREFIX),--prefix $(PREFIX))

# Configured for /usr, as the packages need it; `cmake --install --prefix` still goes anywhere.
deb:  ## build the Debian packages: build/deb/*.deb
	@tools/setup.sh packages.txt packages-deb.txt
	cmake --preset shared
	cmake --build --preset shared
	rm -rf build/deb
	cd build/shared && cpack -G DEB -B ../deb
	rm -rf build/deb/_CPack_Packages

docs:  ## build the reference of the library from its headers: build/docs/html/index.html
	@tools/setup.sh packages-docs.txt
	mkdir -p build/docs
	doxygen tools/docs/Doxyfile

clean:  ## remove build/
	rm -rf build
