# Every target does its own set-up: a fresh machine needs only Python 3.11 or later.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PARALLEL := --numprocesses 2

.PHONY: demo test catalog lint tables digits check lower-bounds docs pages dist benchmarks peers gpu gpu-wheels clean

demo: $(READY)  ## compare ResNet-50 with its Squeeze-and-Remember variant
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

tables: $(READY)  ## are the committed tables still correct? Does a row still train as recorded?
	$(BIN)/srbench check
	$(BIN)/srbench check --train

digits: $(READY)  ## train every row of tables/digits that is not trained yet: at most 20 minutes on two cores
	$(BIN)/srbench table digits --train --runs build/digits

check: lint tables catalog test  ## what CI runs

lower-bounds:  ## the tests with the lowest versions that pyproject.toml allows, in a separate environment
	PYTHON=$(PYTHON) .ci/lower-bounds

docs: $(READY)  ## build the site of the documentation: build/site/index.html
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs build/site

pages: $(READY)  ## renew what code writes in the documentation: reference, transcripts, notebook, picture
	$(BIN)/python docs/scripts/architecture.py
	$(BIN)/python docs/scripts/reference.py
	PYTHONPATH=tests $(BIN)/python tests/docs/test_examples.py
	$(BIN)/python docs/scripts/tour.py
	$(BIN)/python docs/scripts/picture.py

dist:  ## build what is released into dist/, and test it in an empty environment; 7 GB, twelve minutes
	PYTHON=$(PYTHON) .ci/dist

benchmarks: $(READY)  ## ratios against other tools, one after the other
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/counting.py
	$(BIN)/python benchmarks/segmentation.py
	$(BIN)/python benchmarks/memory_from_shapes.py
	$(BIN)/python benchmarks/sr_block.py
	$(BIN)/python benchmarks/waiting.py
	$(BIN)/python benchmarks/rendering.py
	$(BIN)/python benchmarks/latency.py
	$(BIN)/python benchmarks/repeats.py build/repeats.jsonl --repetitions 3
	$(BIN)/python benchmarks/gate.py
	$(BIN)/python benchmarks/own_gate.py callables
	$(BIN)/python benchmarks/own_gate.py models

peers: $(READY)  ## what nine other tools count for twelve networks: tests/data/peers.csv; 200 MB, five minutes
	$(BIN)/python benchmarks/peers/run.py

VISIT ?= gpu-visit
PACKAGES ?= packages.txt
PYTHON_THERE ?= 3.12

gpu: $(READY)  ## all checks that need a GPU, in eight minutes; eight files go to $(VISIT)
	$(BIN)/python benchmarks/gpu/visit.py $(VISIT)

gpu-wheels: $(READY)  ## download what a machine without network lacks for that; $(PACKAGES) has its pip list
	$(BIN)/python benchmarks/gpu/wheels.py $(PACKAGES) .whl --python $(PYTHON_THERE)

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:  ## remove everything that was made
	rm -rf $(VENV) .venv-lower .peers build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
