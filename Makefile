# Every target does its own set-up: a fresh machine needs Python 3.11 or later and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PARALLEL := --numprocesses 2

.PHONY: demo test catalog lint tables check lower-bounds benchmarks gpu clean

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

RECORDS ?= gpu-records

gpu: $(READY)  ## the tests that need a GPU, and a short comparison; its records go to $(RECORDS)
	$(BIN)/python -m pytest -m cuda
	mkdir -p $(RECORDS)
	$(BIN)/srbench env --output $(RECORDS)/env.json
	$(BIN)/srbench latency resnet50 --device cuda --output $(RECORDS)/latency.json
	$(BIN)/srbench profile resnet50+sr --device cuda --output $(RECORDS)/profile.json \
		--plot $(RECORDS)/roofline.png --trace $(RECORDS)/trace.json
	$(BIN)/python benchmarks/gpu.py | tee $(RECORDS)/sr_block.txt

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:  ## everything that was made
	rm -rf $(VENV) .venv-lower build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
