# Everything that there is to do with this repository. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
STEP := scripts/step
CONFIGURATION := .swift-format
FORMATTED := Package.swift Sources Tests Benchmarks
DEBUG := .build/debug/collimator
RELEASE := .build/release/collimator
# The package manager passes traits to the compiler in the order of a set, which differs from run to run unless hashing is
# deterministic; another order recompiles everything that depends on swift-configuration.
BUILD := SWIFT_DETERMINISTIC_HASHING=1 swift build
# Extra words for the command behind a target: make run ARGUMENTS="--port 9000", make acceptance ARGUMENTS="-k seed".
ARGUMENTS ?=

.PHONY: help
help: ## Show this list.
	@echo 'Collimator: a gateway for DICOM stores, with a local Healthcare API to try it on.'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: bootstrap
bootstrap: ## Install what building and testing need, if it is missing.
	@scripts/bootstrap test

# Job control (set -m) hands the terminal to the server, so that Ctrl-C reaches it alone and `make` reports its status.
.PHONY: run
run: ## Build, then serve synthetic studies on http://127.0.0.1:8080 (Ctrl-C ends it).
	@scripts/bootstrap build
	@$(STEP) 'Building the release executable' 'first time about 6 minutes on 2 cores, later seconds' \
		env $(BUILD) --configuration release --product collimator
	@set -m; $(RELEASE) serve --demo $(ARGUMENTS); exit $$?

.PHONY: build
build: ## Build the debug executable, .build/debug/collimator.
	@scripts/bootstrap build
	@$(STEP) 'Building the debug executable' 'first time about 5 minutes on 2 cores, later seconds' \
		env $(BUILD) --product collimator

.PHONY: test
test: ## Everything that CI runs: format, build, unit tests, an outside package, real clients.
	@scripts/bootstrap test
	@$(MAKE) --no-print-directory lint
	@$(STEP) 'Building everything with warnings as errors' 'first time about 9 minutes on 2 cores, later seconds' \
		env $(BUILD) --build-tests
	@$(STEP) 'Running the Swift tests' 'about 7 minutes' --lines 'Test run with|FAILED' \
		scripts/swift-tests
	@$(MAKE) --no-print-directory outside
	@$(MAKE) --no-print-directory acceptance

.PHONY: lint
lint: ## Check the format of every source file.
	@$(STEP) 'Checking the format' 'about 20 seconds' \
		swift format lint --strict --parallel --recursive --configuration $(CONFIGURATION) $(FORMATTED)

.PHONY: fmt
fmt: ## Format every source file.
	@swift format --in-place --parallel --recursive --configuration $(CONFIGURATION) $(FORMATTED)

# The outside package builds in the same folder and with the same pins as this one: nothing is compiled twice.
.PHONY: outside
outside: ## Build and run a small package that depends on the product DICOMweb, as a stranger's would.
	@scripts/bootstrap build
	@if [ -e Package.resolved ]; then cp Package.resolved Tests/Outside/; fi
	@$(STEP) 'Building an outside package on DICOMweb' 'half a minute; alone and for the first time 7 minutes' \
		env $(BUILD) --package-path Tests/Outside --scratch-path .build --product Outside
	@.build/debug/Outside

.PHONY: acceptance
acceptance: build ## Run real clients against the debug executable (ARGUMENTS="-k seed" for some).
	@scripts/bootstrap test
	@$(STEP) 'Running real clients against the executable' 'about 15 minutes on 2 cores' --lines ' (passed|failed)|^\||rendered alike' \
		scripts/acceptance $(ARGUMENTS)

.PHONY: bench
bench: ## Measure the release executable beside Orthanc; prints a table, writes .build/bench/.
	@scripts/bootstrap bench
	@$(STEP) 'Building the release executable' 'first time about 6 minutes on 2 cores, later seconds' \
		env $(BUILD) --configuration release --product collimator
	@$(STEP) 'Building what fills catalogs' 'first time about a minute on 2 cores, later seconds' \
		env $(BUILD) --configuration release --product CatalogFilling
	@$(STEP) 'Building what times decisions' 'seconds' \
		env $(BUILD) --configuration release --product DecisionTiming
	@.venv/bin/python Benchmarks/run.py --collimator $(RELEASE) $(ARGUMENTS)

.PHONY: clean
clean: ## Remove what building and testing made; .collimator (served data) stays.
	rm -rf .build .build-* .venv .pytest_cache
