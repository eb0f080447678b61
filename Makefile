# Go is all that must be installed: every other tool is built by version into a cache outside the checkout.
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS   += --no-builtin-rules

export CGO_ENABLED ?= 0

GOLANGCI_VERSION   := v2.15.0
# The newest that builds with this module's Go.
GORELEASER_VERSION := v2.13.3

TOOLS      ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ameide/tools
GOLANGCI   := $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION)/golangci-lint
GORELEASER := $(TOOLS)/goreleaser-$(GORELEASER_VERSION)/goreleaser

VERSION := $(shell git describe --tags --dirty --always 2>/dev/null || echo devel)
export COMMIT := $(shell git rev-parse HEAD 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

.PHONY: help
help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: build
build: ## build bin/ameide
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ameide .

.PHONY: run
run: build ## the main job on a copy of the example checkout: generate, then verify
	rm -rf out/gitops
	mkdir -p out
	cp -R testdata/gitops out/gitops
	git -C out/gitops init -q
	bin/ameide platform backstage generate --gitops-root out/gitops
	bin/ameide platform backstage verify --gitops-root out/gitops

.PHONY: test
test: ## every test that needs no lab; says which it skipped
	go run ./internal/testrun ./...

.PHONY: check
check: fmt-check tidy-check lint test docs-check ## everything that CI asks for

.PHONY: lint
lint: $(GOLANGCI) ## golangci-lint and go vet's own analysers
	$(GOLANGCI) run --allow-parallel-runners ./...

.PHONY: fmt
fmt: $(GOLANGCI) ## format the sources
	$(GOLANGCI) fmt ./...

.PHONY: fmt-check
fmt-check:
	@unformatted="$$(git ls-files -co --exclude-standard -- '*.go' | xargs gofmt -l)"; \
	if [ -n "$$unformatted" ]; then echo "not formatted (make fmt):" >&2; echo "$$unformatted" >&2; exit 1; fi

.PHONY: tidy-check
tidy-check: ## fail when go mod tidy would change something
	go mod tidy -diff

.PHONY: golden
golden: ## rewrite the golden files; look at the diff before you commit it
	UPDATE_GOLDEN=1 go test ./...

.PHONY: docs
docs: ## rewrite the command reference, the rules and the JSON Schema of ameide.yaml
	go run ./internal/docgen -out docs

.PHONY: docs-check
docs-check: ## fail when generated documents are stale
	go run ./internal/docgen -out docs -check

.PHONY: schemas
schemas: ## rebuild the embedded schemas of Kubernetes and of custom resources from their pinned modules
	go run ./internal/schemagen

.PHONY: bench
bench: build ## time ameide beside the tools it replaces, in one run (CONFIG_CLI=jar JAVA=java adds keycloak-config-cli)
	go run ./internal/bench -tools '$(TOOLS)' -bin bin/ameide -config-cli '$(CONFIG_CLI)' -java '$(or $(JAVA),java)'

.PHONY: snapshot
snapshot: $(GORELEASER) ## build the whole release here, without publishing, and run this machine's binary
	$(GORELEASER) release --snapshot --clean --skip=docker
	bin/release image dist dist/ameide_oci.tar
	"$$(bin/release host dist)" version

.PHONY: release
release: $(GORELEASER) ## publish the tagged commit (CI does this)
	$(GORELEASER) release --clean

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist out

# A tool is built once for each version, with its own checksums verified by Go.
$(GOLANGCI):
	GOBIN='$(@D)' go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

$(GORELEASER):
	GOBIN='$(@D)' go install github.com/goreleaser/goreleaser/v2@$(GORELEASER_VERSION)

# The lab: real PostgreSQL, Backstage and Knex.
.PHONY: lab
lab: ## install the servers that the lab's tests need; quick when nothing is missing
	go run ./lab/install

.PHONY: test-lab
test-lab: ## every test, the slow ones too; a missing server is a failure
	AMEIDE_LAB=1 AMEIDE_LAB_REQUIRED=1 go run ./internal/testrun -timeout 30m ./...
