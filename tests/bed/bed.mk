# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The test bed and the Molecule scenarios on it. Included by the Makefile, which sets VENV and BUILD.

MOLECULE_SCENARIOS := default native container_runtime
# What takes too long for every change: kernel modules that are really compiled, runs killed at every step. certificates and gateway belong above
# once their time is measured on two idle cores.
MOLECULE_SLOW := gateway certificates zero_loss container_runtime_faults nvidia_driver_families nvidia_driver certificates_rollover rotation fleet steady_state airgap

# Molecule looks for ansible-config on PATH, and the collection must be found in this checkout and nowhere else.
MOLECULE_ENVIRONMENT = PATH="$(abspath $(VENV))/bin:$$PATH" \
	MOLECULE_GLOB='molecule/*/molecule.yml' \
	ANSIBLE_COLLECTIONS_PATH="$(abspath $(BUILD))/collections"

.PHONY: bed bed-down molecule molecule-all test-slow

## bed: build and start what the Molecule scenarios run on (Docker Engine, host images, network, registry)
bed:
	tests/bed/up.sh

## bed-down: stop it again; images and downloads stay
bed-down:
	tests/bed/down.sh

## molecule SCENARIO=x: run one scenario (default: default)
molecule: $(VENV)/.installed bed
	$(MOLECULE_ENVIRONMENT) molecule test --no-command-borders --scenario-name $(or $(SCENARIO),default)

## molecule-all: run every scenario, one after the other
molecule-all: $(VENV)/.installed bed
	set -e; for scenario in $(MOLECULE_SCENARIOS); do $(MOLECULE_ENVIRONMENT) molecule test --no-command-borders --scenario-name $$scenario; done

## test-slow: the scenarios that take too long for every change (real builds of kernel modules: 15 minutes)
test-slow: $(VENV)/.installed bed
	set -e; for scenario in $(MOLECULE_SLOW); do $(MOLECULE_ENVIRONMENT) molecule test --no-command-borders --scenario-name $$scenario; done

.PHONY: bench-rotation
## bench-rotation: requests that fail while certificates and releases change behind the gateway; last line JSON (REQUESTS=20000 for less)
bench-rotation: $(VENV)/.installed bed
	$(MOLECULE_ENVIRONMENT) molecule converge --no-command-borders --scenario-name zero_loss
	REQUESTS=$(or $(REQUESTS),100000) $(MOLECULE_ENVIRONMENT) molecule side-effect --no-command-borders --scenario-name zero_loss
	$(MOLECULE_ENVIRONMENT) molecule destroy --no-command-borders --scenario-name zero_loss
	@tail --lines 1 $(BUILD)/bench-rotation.log

.PHONY: bench-converge
MITOGEN := $(BUILD)/mitogen
$(MITOGEN)/.installed: | $(VENV)/.installed
	tests/tools/venv.sh $(VENV) --no-deps --target $(MITOGEN) 'mitogen>=0.3.54,<0.4'
	touch $@

## bench-converge: site with nothing to change beside a plain playbook for the same end, on 10 hosts; growth to 200; last line JSON (ROUNDS=5, GROWTH='10 50')
bench-converge: $(VENV)/.installed bed $(MITOGEN)/.installed
	$(MOLECULE_ENVIRONMENT) molecule create --no-command-borders --scenario-name steady_state
	$(MOLECULE_ENVIRONMENT) molecule prepare --no-command-borders --scenario-name steady_state
	ROUNDS=$(or $(ROUNDS),5) GROWTH='$(or $(GROWTH),10 50 100 200)' $(MOLECULE_ENVIRONMENT) molecule side-effect --no-command-borders --scenario-name steady_state
	$(MOLECULE_ENVIRONMENT) molecule destroy --no-command-borders --scenario-name steady_state
	@tail --lines 1 $(BUILD)/bench-converge.log
