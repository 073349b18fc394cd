# Everything a fresh machine needs: git, make and Python.
PYTHON ?= python3
PYTEST_WORKERS ?= 2
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install -c constraints.txt
# Without an NVIDIA driver, torch's CPU build saves gigabytes of CUDA libraries. TORCH_INDEX= turns this off.
TORCH_INDEX ?= $(if $(shell command -v nvidia-smi),,https://download.pytorch.org/whl/cpu)

.DEFAULT_GOAL := help
.PHONY: help install quickstart test lint format listings docs wheel bench gpu mutants clean

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 22

install: .venv/runtime.stamp ## Create .venv and install hdrgen into it

quickstart: .venv/runtime.stamp ## Turn a photograph into HDR within seconds, then train, test and use a small network (10 minutes on 2 cores)
	$(BIN)/hdrgen quickstart --overwrite

test: .venv/test.stamp ## Run the tests and the examples in docstrings
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile

lint: .venv/lint.stamp ## Check format, style, types, and which room imports which
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: .venv/lint.stamp ## Format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

listings: .venv/test.stamp ## Keep what `hdrgen methods` and `hdrgen metrics` say, after a change of either
	$(BIN)/python -m tests.commands.listings

# With --quiet, MkDocs would count no warnings, and fail of none.
docs: .venv/docs.stamp ## Build the documentation into build/site; a dead link or name fails
	NO_MKDOCS_2_WARNING=1 .venv/docs/bin/mkdocs build --strict -f docs/site/mkdocs.yml

wheel: .venv/package.stamp ## Build sdist and wheel, and use it in an environment in which nothing of the clone is (a minute)
	.ci/wheel $(BIN)/python

# Left out: costs.merge beyond 6 megapixels and 9 frames, which takes an hour, whatever looks for faults (faults, fuzz,
# mutants), what needs a data set, and what only the numbers by which memory is told beforehand were taken from.
bench: .venv/test.stamp ## Run the benchmarks, beside OpenCV where it does the same; those that need data say what to pass
	@folder=$$(mktemp -d) && trap 'rm -r "$$folder"' EXIT; \
	for job in startup calibration hdr_vdp2 tonemap "tonemap --files" merge_photographs \
		"merge_photographs --opencv --width 3000 --height 2000" alignment deghosting training.identity_start \
		fusion_runtime rendered photographs protocols memory inference.layout training.data_rates \
		costs.reading "costs.metrics --size 1000 1500" costs.view "costs.hot_pixels --side 512 --seeds 2" \
		"costs.merge $$folder/costs.csv --megapixels 1 6 --frames 3 9"; do \
		echo "== $$job"; $(BIN)/python -m benchmarks.$$job || exit 1; done

gpu: .venv/test.stamp ## On a GPU, run the tests that need one and time a step of every paper's configuration (10 minutes)
	@if $(BIN)/python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; \
	then $(BIN)/python -m pytest -m gpu tests && $(BIN)/python -m benchmarks.training.gpu; \
	else echo "make gpu: torch finds no GPU here; nothing was run"; fi

mutants: .venv/mutants.stamp ## Tell which of 200 random faults in the code the tests miss (half an hour)
	.venv/mutants/bin/python -m benchmarks.mutants

clean: ## Remove .venv and what tools and runs left behind
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis runs quickstart wandb

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "hdrgen needs Python 3.11 or newer; make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime.stamp: pyproject.toml constraints.txt | .venv/bin/python
	@if test -n "$(TORCH_INDEX)" && $(BIN)/python -c \
		"from urllib.request import urlopen; urlopen('$(TORCH_INDEX)/torch/', timeout=5)" 2>/dev/null; \
	then $(INSTALL) torch --extra-index-url $(TORCH_INDEX); \
	elif ! $(BIN)/python -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("torch"))'; \
	then echo "make: no CPU index of torch is at hand, and the usual index brings CUDA libraries with it, where it has"; \
	echo "them for this system: gigabytes to fetch. To have another build: Ctrl-C, then make TORCH_INDEX=URL."; fi
	$(INSTALL) -e '.[train]'
	@touch $@

.venv/test.stamp: pyproject.toml constraints.txt .venv/runtime.stamp
	$(INSTALL) -e '.[test,tensorboard]'
	@touch $@

.venv/package.stamp: pyproject.toml constraints.txt .venv/runtime.stamp
	$(INSTALL) -e '.[package]'
	@touch $@

# Over .venv, not in it: mutmut brings rich, and Lightning, which finds it, another progress bar.
.venv/docs.stamp: docs/site/requirements.txt | .venv/bin/python
	$(BIN)/python -m venv .venv/docs
	.venv/docs/bin/python -m pip install -r docs/site/requirements.txt
	@touch $@

.venv/mutants.stamp: pyproject.toml constraints.txt .venv/test.stamp
	$(BIN)/python -m venv .venv/mutants
	$(BIN)/python -c 'import sysconfig; \
		path = sysconfig.get_path("purelib", vars={"base": ".venv/mutants", "platbase": ".venv/mutants"}); \
		open(path + "/tests.pth", "w").write(sysconfig.get_path("purelib"))'
	.venv/mutants/bin/python -m pip install -c constraints.txt -e '.[mutants]'
	@touch $@

.venv/lint.stamp: pyproject.toml constraints.txt .venv/runtime.stamp
	$(INSTALL) -e '.[lint]'
	@touch $@
