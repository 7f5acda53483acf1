# Everything here needs Go and make alone, but for `test` and `differential`,
# which also need root and what scripts/setup installs.

GO      ?= go
ARCH    := $(shell $(GO) env GOARCH)
LDFLAGS := -s -w -buildid=
BUILD   := CGO_ENABLED=0 GOOS=linux GOARCH=$(ARCH) $(GO) build -trimpath -ldflags
# Where weir-init begins: cmd/weir-init/entry_*.s.
ENTRY   := $(if $(filter amd64 arm64,$(ARCH)),-E weir_entry)
EMBED   := cmd/weir/embed
FUZZ    ?= 3s

.PHONY: all check test differential bench embed clean

all: bin/weir

# The static programs that weir carries. Without them cmd/weir does not compile.
embed:
	@mkdir -p $(EMBED)
	@$(BUILD) "$(LDFLAGS) $(ENTRY)" -o $(EMBED)/weir-init ./cmd/weir-init
	@$(BUILD) "$(LDFLAGS)" -o $(EMBED)/weir-prober ./cmd/weir-prober
	@$(BUILD) "$(LDFLAGS)" -o $(EMBED)/weir-images ./cmd/weir-images

bin/weir: embed
	@mkdir -p bin
	$(BUILD) "$(LDFLAGS)" -o $@ ./cmd/weir

# Before a commit. Needs no root.
check: embed
	@FUZZ=$(FUZZ) ./scripts/check

# Everything: check, then what needs root, the kernel and the engines.
test: check bin/weir
	@./scripts/test

# The default profile, Podman's and thousands of random ones against libseccomp.
differential:
	@cd bench && $(GO) run ./differential

# Weir beside its peers. BENCH="-rounds 5 -starts 5 -crowd 0" makes it short.
bench: bin/weir
	@cd bench && $(GO) run ./sidebyside -plot ../docs/growth.svg $(BENCH)

clean:
	rm -rf bin $(EMBED)
