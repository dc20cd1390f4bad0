# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

SHELL := /bin/bash
.SHELLFLAGS := -e -u -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

BUILD := .build
VENV := .venv
# The tests run here on the oldest ansible-core that is supported (2.19, Python 3.11 to 3.13), and in a container on the newest.
OLDEST := ansible>=12.3,<13
NEWEST := ansible>=14,<15

COLLECTIONS := $(BUILD)/collections
CHECKOUT := $(COLLECTIONS)/ansible_collections/inferops/triton
IN_VENV := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/$(COLLECTIONS)"

.PHONY: help
## help: this list
help:
	@echo "inferops.triton - make TARGET, where TARGET is one of"
	@sed -n 's/^## \([a-zA-Z0-9_.= -]*\): \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  %-22s %s\n' "$$name" "$$text"; done

# ---- the tools ------------------------------------------------------------------------------------------------------

# What Ansible needs to run the collection from this checkout; enough for the demo.
$(VENV)/.runtime: requirements.txt tests/tools/venv.sh | $(CHECKOUT)
	tests/tools/venv.sh $(VENV) -r requirements.txt
	touch $@

# That, and what the tests need.
$(VENV)/.installed: requirements.txt tests/requirements.txt tests/unit/requirements.txt tests/tools/venv.sh | $(CHECKOUT)
	tests/tools/venv.sh $(VENV) -r requirements.txt -r tests/requirements.txt '$(OLDEST)'
	touch $(VENV)/.runtime $@

# Ansible finds a collection only in ansible_collections/NAMESPACE/NAME; the checkout may lie anywhere.
$(CHECKOUT):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

.PHONY: runtime venv
runtime: $(VENV)/.runtime
## venv: install the tools of the tests into .venv
venv: $(VENV)/.installed

# ---- the demo -------------------------------------------------------------------------------------------------------

# One `make demo DEMO_PORT=9001` moves REST and metrics along, to 9000 and 9002.
export DEMO_PORT DEMO_HTTP_PORT DEMO_METRICS_PORT PYTHON

# What Ansible needs, and what the demo needs beside it.
$(VENV)/.demo: requirements.txt demo/requirements.txt tests/tools/venv.sh | $(CHECKOUT)
	@demo/environment.sh $(VENV) -r requirements.txt -r demo/requirements.txt
	@touch $(VENV)/.runtime $@

.PHONY: demo demo-stop
## demo: a real Triton over mutual TLS on this machine, proved; no root, Docker, systemd or GPU (DEMO_PORT=8001)
demo: $(VENV)/.demo
	@demo/run.sh $(VENV)

## demo-stop: stop it
demo-stop:
	@$${PYTHON:-python3} playbooks/files/demo/stop.py .demo

# ---- checks that need nothing but this machine ----------------------------------------------------------------------

.PHONY: lint yamllint ansible-lint mypy changelog sanity artifact
## lint: yamllint, ansible-lint (profile production), mypy and the changelog's linter
lint: yamllint ansible-lint mypy changelog

yamllint: venv
	$(VENV)/bin/yamllint --strict .

ansible-lint: venv
	$(IN_VENV) ansible-lint --strict

mypy: venv
	$(VENV)/bin/mypy $(addprefix $(CHECKOUT)/,plugins tests)

changelog: venv
	$(IN_VENV) antsibull-changelog lint

## sanity: ansible-test sanity on a copy, with every Python found here (SANITY='--test pep8' for one test)
sanity: venv
	tests/tools/sanity.sh $(VENV) $(BUILD)/sanity $(SANITY)

## artifact: build the collection, install it into an empty folder, run its playbooks from there
artifact: venv
	tests/artifact.sh $(VENV) $(BUILD)/artifact

.PHONY: test-demo
## test-demo: the demo as its users meet it, by an ordinary user from a fresh copy, and what can go wrong
test-demo: venv
	tests/demo.sh $(BUILD)/demo-test

.PHONY: unit unit-2.21
# The real Triton of the tests: the wheel that the role triton_server installs.
PYTRITON := $(BUILD)/pytriton
$(PYTRITON)/.installed: roles/triton_server/defaults/main.yml | $(VENV)/.installed
	tests/tools/venv.sh $(VENV) --no-deps --target $(PYTRITON) "$$(sed -n 's/^triton_server_native_wheel: //p' $<)"
	touch $@

.PHONY: servers
servers:
	@tests/tools/servers.sh

## unit: the unit tests on this machine's Python (PYTEST='-k chain' for some)
unit: servers venv $(PYTRITON)/.installed
	$(IN_VENV) PYTHONPATH=$(COLLECTIONS) $(VENV)/bin/python -m pytest $(PYTEST)

.PHONY: bench-verify
## bench-verify: what triton_verify costs against a floor and a loop of tasks; last line JSON (ENDPOINTS=100 for less)
bench-verify: venv $(PYTRITON)/.installed
	@$(IN_VENV) PYTHONPATH=$(COLLECTIONS) $(VENV)/bin/python -m ansible_collections.inferops.triton.tests.bench.bench_verify

.PHONY: test-situations bench-certificates
## test-situations: what certificates are judged to be, against a real Triton and a real gRPC client
test-situations: venv $(PYTRITON)/.installed
	$(IN_VENV) PYTHONPATH=$(COLLECTIONS) $(VENV)/bin/python -m pytest $(PYTEST) tests/corpus

## bench-certificates: what the role tls_certificates costs a controller with 500 hosts; last line JSON (HOSTS=50 for less)
bench-certificates: venv
	@$(IN_VENV) PYTHONPATH=$(COLLECTIONS) $(VENV)/bin/python -m ansible_collections.inferops.triton.tests.bench.bench_certificates

.PHONY: test-rollouts
## test-rollouts: whole runs of site, rotate_certificates and verify by ansible-runner, on three hosts of this machine
test-rollouts: venv $(PYTRITON)/.installed
	$(IN_VENV) PYTHONPATH=$(COLLECTIONS) $(VENV)/bin/python -m pytest $(PYTEST) tests/rollouts

.PHONY: bench-gate
## bench-gate: what the gate between driver and Triton costs over 1,000 hosts; last line JSON (HOSTS=100 for less)
bench-gate: venv
	@$(IN_VENV) PYTHONPATH=$(COLLECTIONS) $(VENV)/bin/python -m ansible_collections.inferops.triton.tests.bench.bench_gate

.PHONY: bench-gateway
## bench-gateway: what the gateway costs gRPC and REST, beside Triton itself and beside nginx; last line JSON (ROUNDS=3 for less)
bench-gateway: servers venv $(PYTRITON)/.installed
	@tests/tools/servers.sh nginx wrk
	@$(IN_VENV) PYTHONPATH=$(COLLECTIONS) $(VENV)/bin/python -m ansible_collections.inferops.triton.tests.bench.bench_gateway

.PHONY: tls-scan
SCANNERS := $(BUILD)/scanners
## tls-scan: sslyze and testssl.sh against a host, TLS_SCAN='HOST --ca CA [--ports 8000 8001 8002] [--cert C --key K]'
tls-scan:
	@tests/tools/servers.sh testssl
	@tests/tools/venv.sh $(SCANNERS) 'sslyze>=6,<7'
	@$(SCANNERS)/bin/python tests/tools/tls_scan.py $(TLS_SCAN)

.PHONY: test-reports
# Chromium, its driver and promtool, from PATH or Debian's packages.
REPORT_TOOLS := $(BUILD)/report-tools
## test-reports: the HTML report in a real Chromium, the metrics under promtool
test-reports: venv
	tests/tools/report_tools.sh $(REPORT_TOOLS)
	$(IN_VENV) PYTHONPATH=$(COLLECTIONS) BROWSER_TOOLS=$(REPORT_TOOLS) $(VENV)/bin/python -m pytest $(PYTEST) tests/browser

# ---- checks that need Docker Engine ---------------------------------------------------------------------------------

include tests/bed/bed.mk

## unit-2.21: the unit tests on ansible-core 2.21 and Python 3.13, in a Debian 13 container
unit-2.21: venv $(PYTRITON)/.installed bed
	tests/tools/unit_in_container.sh $(VENV) "$${BED_HOST_IMAGE:-inferops-host}:trixie" '$(NEWEST)' $(PYTEST)

# ---- everything -----------------------------------------------------------------------------------------------------

.PHONY: test clean
## test: everything that CI runs; logs in .build/logs
# Two lanes, for two cores, of about the same time. The wheel is there before both unpack it.
test: venv bed $(PYTRITON)/.installed
	$(VENV)/bin/python tests/tools/stages.py --logs $(BUILD)/logs \
		lint sanity artifact unit unit-2.21 test-situations test-demo -- $(MOLECULE_SCENARIOS:%=molecule:SCENARIO=%) test-rollouts test-reports

## clean: remove what make has made in this folder (the test bed: make bed-down)
clean: demo-stop
	rm -rf $(BUILD) $(VENV) .demo
