# Everything here needs Go and make alone, but for `test`, `kernels`, `differential` and `bench`,
# which also need root and what scripts/setup installs.

GO      ?= go
ARCH    := $(shell $(GO) env GOARCH)
LDFLAGS := -s -w -buildid=
BUILD   := CGO_ENABLED=0 GOOS=linux GOARCH=$(ARCH) $(GO) build -trimpath -ldflags
EMBED   := cmd/weir/embed
FUZZ    ?= 3s
PREFIX  ?= /usr/local
SHARE   := bin/share

.PHONY: all check test kernels differential bench embed share install clean

all: bin/weir

# The static programs that weir carries. Without them cmd/weir does not compile.
embed:
	@mkdir -p $(EMBED)
	@$(BUILD) "$(LDFLAGS)" -o $(EMBED)/weir-init ./cmd/weir-init
	@$(BUILD) "$(LDFLAGS)" -o $(EMBED)/weir-prober ./cmd/weir-prober
	@$(BUILD) "$(LDFLAGS)" -o $(EMBED)/weir-images ./cmd/weir-images

bin/weir: embed
	@mkdir -p bin
	$(BUILD) "$(LDFLAGS)" -o $@ ./cmd/weir

# The manual, and what shells need to complete command lines. They are made of the commands themselves, on this
# machine, whatever the binary is for.
share: export CGO_ENABLED = 0
share: export GOARCH =
share: embed
	@mkdir -p $(SHARE)/man/man1 $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	$(GO) test ./cmd/weir ./cmd/weir-images -run '^TestManual$$' -args -man $(CURDIR)/$(SHARE)/man/man1
	$(GO) run ./cmd/weir completion bash > $(SHARE)/bash-completion/completions/weir
	$(GO) run ./cmd/weir completion zsh > $(SHARE)/zsh/site-functions/_weir
	$(GO) run ./cmd/weir completion fish > $(SHARE)/fish/vendor_completions.d/weir.fish

# Builds nothing, so that root needs no Go.
install:
	@[ -e bin/weir ] && [ -e $(SHARE)/man/man1/weir.1 ] || { echo "nothing to install yet: make all share"; exit 1; }
	install -D -m 755 bin/weir $(DESTDIR)$(PREFIX)/bin/weir
	cd $(SHARE) && find . -type f -exec install -D -m 644 {} $(abspath $(DESTDIR)$(PREFIX))/share/{} \;

# Before a commit. Needs no root.
check: embed
	@FUZZ=$(FUZZ) ./scripts/check

# Everything: check, then what needs root, the kernel and the engines.
test: check bin/weir
	@./scripts/test

# What speaks to the kernel, on Debian's kernels for amd64 and arm64, in virtual machines.
kernels: embed
	@./scripts/kernels
	@CGO_ENABLED=0 $(GO) test -timeout 90m ./internal/kerneltest/vm -boot

# The default profile, Podman's and thousands of random ones against libseccomp.
differential:
	@cd bench && $(GO) run ./differential

# Weir beside its peers, among them the newest runc. BENCH="-rounds 5 -starts 5 -crowd 0" makes it short.
bench: bin/weir
	@cd bench && $(GO) build -tags seccomp -o ../bin/runc github.com/opencontainers/runc
	@cd bench && $(GO) run -tags seccomp ./sidebyside -runc ../bin/runc -plot ../docs/growth.svg $(BENCH)

clean:
	rm -rf bin $(EMBED)
