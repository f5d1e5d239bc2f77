# Guildhall: the README's commands, and what CI runs. On a bare machine: Python >= 3.11, git and make.
.PHONY: help run test check bench faults contracts openapi ready
BIN := .venv/bin

help: ## what can be made
	@grep -E '^[a-z]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 8

run: export GUILDHALL_DEMO = 1
run: ready ## all of Guildhall with its demo world, until Ctrl-C (PORT=8000)
	@exec $(BIN)/guildhall up

test: ready ## the whole test suite, with its own servers
	@exec $(BIN)/pytest -n 3 --dist worksteal

check: ready ## formatting, lint, types, the map of imports, the front end, the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	.ci/frontend & $(BIN)/mypy && $(BIN)/lint-imports; checked=$$?; wait $$! && exit $$checked
	@exec $(BIN)/pytest -n 3 --dist worksteal

bench: ready ## each claimed figure against its peer (ONLY=name for one)
	@exec $(BIN)/python -m bench $(ONLY)

contracts: ready ## the contract of each port: adapters by tests, as a table (PORT=mail for one)
	@exec $(BIN)/python -m tests.contracts $(PORT)

faults: SEED = 1
faults: ROUNDS = 10
faults: ready ## members of the live wire while everything fails (SEED=7, or 1-100; ROUNDS=10)
	@exec $(BIN)/python -m tests.faults --seed $(SEED) --rounds $(ROUNDS)

openapi: ready ## write openapi.json from the operations
	@$(BIN)/python -m server.description > openapi.json

ready:
	@.ci/ready
