# Every target does its own set-up: a fresh machine needs Python 3.11 or later and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PARALLEL := --numprocesses 2

.PHONY: demo test catalog lint tables check lower-bounds benchmarks gpu gpu-wheels clean

demo: $(READY)  ## ResNet-50 beside its Squeeze-and-Remember variant
	$(BIN)/srbench flops resnet50 --sr-memories 10

test: $(READY)  ## the tests, of one network of each family
	$(BIN)/python -m pytest $(PARALLEL)

catalog: $(READY)  ## every network with every block
	$(BIN)/python -m pytest $(PARALLEL) -m catalog

lint: $(READY)  ## format, lint, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

tables: $(READY)  ## are the committed tables still true?
	$(BIN)/srbench check

check: lint tables catalog test  ## what CI runs

lower-bounds:  ## do the lowest versions that pyproject.toml allows do? in an environment of its own
	PYTHON=$(PYTHON) .ci/lower-bounds

benchmarks: $(READY)  ## ratios against other tools, one after the other
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/counting.py
	$(BIN)/python benchmarks/segmentation.py
	$(BIN)/python benchmarks/sr_block.py
	$(BIN)/python benchmarks/rendering.py
	$(BIN)/python benchmarks/latency.py
	$(BIN)/python benchmarks/repeats.py build/repeats.jsonl --repetitions 3
	$(BIN)/python benchmarks/gate.py

VISIT ?= gpu-visit
PACKAGES ?= packages.txt
PYTHON_THERE ?= 3.12

gpu: $(READY)  ## all that tells what is wrong on a GPU, in eight minutes; eight files go to $(VISIT)
	$(BIN)/python benchmarks/gpu/visit.py $(VISIT)

gpu-wheels: $(READY)  ## what a machine without network lacks for that, by its pip list in $(PACKAGES)
	$(BIN)/python benchmarks/gpu/wheels.py $(PACKAGES) .whl --python $(PYTHON_THERE)

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:  ## everything that was made
	rm -rf $(VENV) .venv-lower build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
