# prsgd-mpi: `make` alone lists what there is.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.ONESHELL:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

##@ Variables, as in `make run NP=4`
NP ?= 8#              ## ranks of `make run`
EPOCHS ?= 20#         ## passes over the training set of `make run`
ARGS ?=#              ## more options of `prsgd-mpi train`, or of `bench`
RUN ?=#               ## folders of the runs that `make plot` draws (default: the newest)
PLOT ?=#              ## where `make plot` writes, without .png or .svg (default: with the run)
RANKS ?= 1 2 3 5 8#   ## numbers of ranks that `make test` tries the parallel tests at
SINGLE ?=#            ## pattern of the single-process tests that `make test` runs, as KernelsTests (default: all)
PARALLEL ?= RankTests## pattern of the parallel tests that `make test` runs
VARIANTS ?= x86-64-v3 x86-64-v4# ## instruction sets that `make install` installs the program for
CIFAR10 ?=#           ## folder with CIFAR-10 that `make paper` trains on (default: cifar10 in PRSGD_DATA)
INTERVALS ?= 4 8 16 32# ## those of Parallel Restarted SGD in `make paper`
SEEDS ?= 1#           ## runs of each method in `make paper`
SAMPLES ?=#           ## training samples of `make paper` (default: all)
TEXT ?=#              ## text of speeches that `make sequences` learns (default: tinyshakespeare in PRSGD_DATA)
PREFIX ?= /usr/local# ## where `make install` installs; DESTDIR is put before it
DESTDIR ?=
SEED ?= 1#            ## of what is random in `make torture`
TEST_TIMEOUT ?= 3600# ## seconds after which a step of `make test` counts as hanging
SECONDS ?= 60#         ## for which `make fuzz` tries each parser
PARSERS ?=#           ## those that `make fuzz` tries, as "csv gzip" (default: all)

##@ Environment that Package.swift reads, as in `PRSGD_MPI=mpich make test`
#   PRSGD_MPI          ## mpich: build with MPICH (into .build-mpich) in place of Open MPI
#   PRSGD_MARCH        ## the instruction set to build for, as GCC's -march names it (default: native)

PRSGD_MPI ?= openmpi
export PRSGD_MPI
# What a program says that it was built from: SwiftPM alone would keep what it found at its first build.
export PRSGD_REVISION ?= $(shell git describe --always --dirty --abbrev=40 --match= 2>/dev/null || echo unknown)
ifneq ($(filter-out openmpi mpich,$(PRSGD_MPI)),)
  $(error PRSGD_MPI is openmpi or mpich, not "$(PRSGD_MPI)")
endif

# Each MPI library has a folder for what is built with it, so that to change between them builds nothing again. Where
# both are installed, Debian's plain mpirun is one of the two: the names with a suffix are certain.
ifeq ($(PRSGD_MPI),mpich)
  SCRATCH := .build-mpich
  MPI_PACKAGES := libmpich-dev mpich
  MPI_MODULE := mpich
else
  SCRATCH := .build
  MPI_PACKAGES := libopenmpi-dev openmpi-bin
  MPI_MODULE := ompi-c
endif
SCRATCH_OF_MPI := $(SCRATCH)
# So does each instruction set that is named.
ifneq ($(PRSGD_MARCH),)
  export PRSGD_MARCH
  SCRATCH := $(SCRATCH)-$(PRSGD_MARCH)
endif
MPIRUN = $(shell command -v mpirun.$(PRSGD_MPI) || echo mpirun)
# A job may have others beside it.
job = jobs/own-session $(MPIRUN)
PACKAGES := pkg-config $(MPI_PACKAGES) libopenblas-dev zlib1g-dev dataset-fashion-mnist gnuplot-nox make git binutils

SWIFT := swift
BIN := $(SCRATCH)/release
PROGRAM := $(BIN)/prsgd-mpi
TESTS := $(BIN)/prsgd-mpiPackageTests.xctest
FUZZ := .build-fuzz
SOURCES := $(wildcard Package.swift Sources Tests)

# More ranks than cores are welcome here, and ranks that wait then yield. Open MPI refuses root unless told twice.
export OMPI_MCA_rmaps_base_oversubscribe ?= 1
export OMPI_MCA_mpi_yield_when_idle ?= 1
ifeq ($(shell id -u),0)
  export OMPI_ALLOW_RUN_AS_ROOT ?= 1
  export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM ?= 1
endif

lint = $(SWIFT) format lint --strict --recursive $(SOURCES)

# On a terminal the build shows its progress; in a log, errors and warnings alone.
build = if [ -t 1 ]; then \
    $(SWIFT) build -c release --scratch-path $(SCRATCH) $(1); \
  else \
    $(SWIFT) build -c release --scratch-path $(SCRATCH) --quiet $(1); \
  fi

##@ Targets

.PHONY: deps
deps: ## install the Debian packages that are missing (with sudo, unless root)
	@if ! command -v $(SWIFT) >/dev/null; then
	  echo "make: there is no swift on PATH; Swift 6 or newer is needed: https://www.swift.org/install" >&2
	  exit 1
	fi
	version=$$($(SWIFT) --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\).*/\1/p' | head -n 1)
	if [ "$${version:-0}" -lt 6 ]; then
	  echo "make: Swift 6 or newer is needed, and $$(command -v $(SWIFT)) is Swift $${version:-?}:" \
	    "https://www.swift.org/install" >&2
	  exit 1
	fi
	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	  missing=
	  for command in pkg-config git mpirun; do
	    command -v $$command >/dev/null || missing+=" $$command"
	  done
	  for module in $(MPI_MODULE) openblas zlib; do
	    pkg-config --exists $$module 2>/dev/null || missing+=" $$module"
	  done
	  if [ -n "$$missing" ]; then
	    echo "make: this is no Debian, so nothing was installed. Not found:$$missing." >&2
	    echo "make: what Debian calls $(PACKAGES) is needed" >&2
	    exit 1
	  fi
	  exit 0
	fi
	missing=
	for package in $(PACKAGES); do
	  # Another package may bring the command.
	  case $$package in
	    gnuplot-nox) ! command -v gnuplot >/dev/null || continue ;;
	    pkg-config) ! command -v pkg-config >/dev/null || continue ;;
	    binutils) ! command -v objdump >/dev/null || continue ;;
	    git | make) ! command -v $$package >/dev/null || continue ;;
	  esac
	  status=$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null || true)
	  [ "$$status" = installed ] || missing+=" $$package"
	done
	[ -n "$$missing" ] || exit 0
	sudo=
	if [ "$$(id -u)" -ne 0 ]; then
	  if ! command -v sudo >/dev/null; then
	    echo "make: packages are missing and there is no sudo; as root: apt-get install$$missing" >&2
	    exit 1
	  fi
	  sudo=sudo
	fi
	echo "Installing$$missing"
	$$sudo apt-get update -q
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing

.PHONY: build
build: deps ## build the program (the first time takes some minutes)
	@echo "Building $(PROGRAM)"
	$(call build,--product prsgd-mpi)

.PHONY: run
run: build ## train on Fashion-MNIST: Algorithm 1 on NP ranks
	@$(job) -np $(NP) $(PROGRAM) train --dataset fashion-mnist --model mlp --epochs $(EPOCHS) $(ARGS)
	if command -v gnuplot >/dev/null; then echo "To draw it: make plot"; fi

.PHONY: test
test: deps ## check style, build everything, run every test, the parallel ones under mpirun
	@temporary=$$(mktemp -d)
	step=start
	finish() {
	  local code=$$?
	  rm -rf "$$temporary"
	  if [ $$code -eq 0 ]; then echo "all tests passed"; else echo "tests FAILED: $$step" >&2; fi
	}
	trap finish EXIT
	trap 'exit 130' INT TERM
	# mpirun gives rank 0 a terminal of its own, which tempts it to colours.
	[ -t 1 ] || export NO_COLOR=1

	begin() {
	  step=$$1
	  echo "== $$step"
	}
	# Of a log with an end like "Test run with 12 tests in 3 suites passed": none is no success.
	require_some() {
	  local count
	  count=$$(sed -n 's/.*Test run with \([0-9][0-9]*\) tests\{0,1\} .*/\1/p' "$$1" | tail -n 1)
	  if [ "$${count:-0}" -eq 0 ]; then
	    echo "no test was run" >&2
	    return 1
	  fi
	}

	begin "style"
	$(lint)

	begin "build of the program and the tests"
	$(call build,--build-tests)

	begin "tests of single processes"
	# Whatever becomes of a test, nothing of it stays behind.
	export TMPDIR=$$temporary
	# A test that crashes must end: Swift's own crash reporter may wait for a terminal.
	export SWIFT_BACKTRACE=enable=no
	timeout --foreground --kill-after=10 $(TEST_TIMEOUT) \
	  $(SWIFT) test -c release --scratch-path $(SCRATCH) --skip-build --disable-xctest $(if $(SINGLE),--filter '$(SINGLE)',--skip RankTests) 2>&1 |
	  tee "$$temporary/single.log"
	require_some "$$temporary/single.log"

	# Rank 0 speaks; what the others have to say goes to a log each, shown if the run fails.
	speak_for_one='rank=$${OMPI_COMM_WORLD_RANK:-$${PMI_RANK:-0}}
	  if [ "$$rank" -eq 0 ]; then exec "$$@"; fi
	  exec "$$@" >"$$LOGS/rank-$$rank.log" 2>&1'
	export LOGS=$$temporary
	for ranks in $(RANKS); do
	  begin "parallel tests, ranks: $$ranks"
	  rm -f "$$temporary"/rank-*.log
	  code=0
	  timeout --foreground --kill-after=10 $(TEST_TIMEOUT) $(job) -np $$ranks sh -c "$$speak_for_one" rank \
	    $(TESTS) --testing-library swift-testing --no-parallel --filter '$(PARALLEL)' </dev/null 2>&1 |
	    tee "$$temporary/rank-0.txt" || code=$$?
	  if [ $$code -eq 0 ]; then
	    require_some "$$temporary/rank-0.txt"
	    continue
	  fi
	  # The status of a test program that found nothing to run.
	  if [ $$code -eq 69 ]; then echo "no test was run: is there a RankTests target?" >&2; fi
	  for log in "$$temporary"/rank-*.log; do
	    if [ ! -s "$$log" ] || grep -q 'Test run with .* passed' "$$log"; then continue; fi
	    echo "-- the end of $$(basename "$$log" .log)"
	    tail -n 20 "$$log"
	  done
	  if [ $$code -eq 124 ] || [ $$code -eq 137 ]; then step+=" (not done in $(TEST_TIMEOUT) s)"; fi
	  exit 1
	done

.PHONY: torture
torture: deps ## kill, refuse and overload the program in every way there is (an hour); SEED decides the random ones
	@$(call build,--build-tests)
	temporary=$$(mktemp -d)
	trap 'rm -rf "$$temporary"' EXIT
	export TMPDIR=$$temporary SWIFT_BACKTRACE=enable=no PRSGD_TORTURE=$(SEED)
	$(SWIFT) test -c release --scratch-path $(SCRATCH) --skip-build --disable-xctest --filter TortureTests

.PHONY: check-spills
check-spills: build ## look for vectors on the stack in the loops of the built kernels, which halve their speed
	@Tests/check-spills $(PROGRAM)

.PHONY: fuzz
fuzz: deps ## give each parser arbitrary inputs for SECONDS, and fail on one that it neither parses nor refuses
	@echo "Building the parsers for libFuzzer"
	PRSGD_FUZZ=1
	export PRSGD_FUZZ
	$(SWIFT) build -c release --scratch-path $(FUZZ) --quiet --product fuzz
	export TMPDIR=$$(mktemp -d)
	trap 'rm -rf "$$TMPDIR"' EXIT
	trap 'exit 130' INT TERM
	export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16 SWIFT_BACKTRACE=enable=no
	program=$(FUZZ)/release/fuzz
	code=0
	for parser in $(if $(PARSERS),$(PARSERS),$$($$program)); do
	  mkdir -p $(FUZZ)/corpus/$$parser $(FUZZ)/findings
	  log=$(FUZZ)/$$parser.log
	  if ! $$program $$parser -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
	      -artifact_prefix=$(FUZZ)/findings/$$parser- $(FUZZ)/corpus/$$parser Tests/Fuzz/Corpus/$$parser \
	      2>"$$log" </dev/null; then
	    code=1
	    echo "$$parser: a FINDING: $$(sed -n 's/.*Test unit written to //p' "$$log" | tail -n 1); see $$log"
	    grep -E -m 2 'ERROR|fuzz: ' "$$log" || true
	    grep -E -m 1 -o 'in .* [^ ]*/Sources/.*' "$$log" || true
	  fi
	done
	exit $$code

.PHONY: check
check: lint build ## check style and build: quick

.PHONY: lint
lint: ## check the style of the Swift sources
	@$(lint)

.PHONY: format
format: ## lay out the Swift sources in that style
	@$(SWIFT) format --in-place --recursive $(SOURCES)

.PHONY: plot
plot: ## draw loss and accuracy of RUN (several: RUN="runs/a runs/b") as PNG and SVG
	@docs/plot $(if $(PLOT),-o $(PLOT)) $(RUN)

.PHONY: bench
bench: build ## measure the step loop of each network, at 1 and 2 ranks
	@for job in "logreg --steps 4000" "mlp --steps 1000" "cnn --steps 120" "resnet20 --augment --steps 64"; do
	  for ranks in 1 2; do
	    $(job) -np $$ranks $(PROGRAM) bench --model $$job --batch-size 32 --interval 8 $(ARGS)
	  done
	done

.PHONY: theory
theory: build ## measure the paper's claims on a quadratic (docs/theory.md)
	@PROGRAM=$(PROGRAM) MPIRUN=$(MPIRUN) docs/experiments/theory

.PHONY: heterogeneous
heterogeneous: build ## measure Algorithm 3 on workers of different speed (docs/heterogeneous.md)
	@PROGRAM=$(PROGRAM) MPIRUN=$(MPIRUN) docs/experiments/heterogeneous

.PHONY: compare-methods
compare-methods: build ## compare all methods on one problem, alike and skewed shards (docs/methods.md)
	@PROGRAM=$(PROGRAM) MPIRUN=$(MPIRUN) docs/experiments/compare-methods

.PHONY: paper
paper: build ## the paper's experiment on CIFAR10, a folder: EPOCHS [30], NP, INTERVALS, SEEDS, SAMPLES (docs/paper.md)
	@export EPOCHS="$(if $(findstring file,$(origin EPOCHS)),30,$(EPOCHS))" NP="$(NP)" INTERVALS="$(INTERVALS)" \
	  SEEDS="$(SEEDS)" SAMPLES="$(SAMPLES)" CIFAR10="$(CIFAR10)" ARGS="$(ARGS)"
	PROGRAM=$(PROGRAM) MPIRUN=$(MPIRUN) docs/experiments/paper

.PHONY: paper-speedup paper-slow-worker
paper-speedup: build ## ... its corollary: steps to a loss by the number of workers
	@CIFAR10="$(CIFAR10)" PROGRAM=$(PROGRAM) MPIRUN=$(MPIRUN) docs/experiments/paper-speedup

paper-slow-worker: build ## ... its Algorithm 3: one of four workers is three times slower
	@CIFAR10="$(CIFAR10)" PROGRAM=$(PROGRAM) MPIRUN=$(MPIRUN) docs/experiments/paper-slow-worker

.PHONY: sequences
sequences: build ## networks of characters on TEXT, a file: a gpt by DiLoCo, an lstm by FedAvg (docs/sequences.md)
	@TEXT="$(TEXT)" PROGRAM=$(PROGRAM) MPIRUN=$(MPIRUN) docs/experiments/sequences

.PHONY: variants
variants: ## build the program for each of VARIANTS
	@for variant in $(VARIANTS); do PRSGD_MARCH=$$variant $(MAKE) build-variant; done

.PHONY: build-variant
build-variant: build
	@$(call build,--product prsgd-mpi-variant)

# Where variant $(1) is built.
variant = $(SCRATCH_OF_MPI)-$(1)/release/prsgd-mpi

# Man pages and completions, in a folder beside the first variant's build.
PAGES = $(SCRATCH_OF_MPI)-$(firstword $(VARIANTS))/pages

.PHONY: pages
pages: variants ## make man pages, and completions for bash, zsh and fish
	@first=$(firstword $(VARIANTS)) scratch=$(SCRATCH_OF_MPI)-$(firstword $(VARIANTS))
	program=$(call variant,$(firstword $(VARIANTS)))
	rm -rf "$(PAGES)"
	mkdir -p "$(PAGES)"
	PRSGD_MARCH=$$first $(SWIFT) package -c release --scratch-path "$$scratch" --disable-sandbox \
	  --allow-writing-to-package-directory generate-manual --multi-page >"$(PAGES)/log" 2>&1 ||
	  { cat "$(PAGES)/log" >&2; exit 1; }
	cp "$$scratch"/plugins/GenerateManual/outputs/prsgd-mpi/*.1 "$(PAGES)"
	# What the program itself says does not depend on what the processor has beyond it.
	for shell in bash zsh fish; do "$$program" --generate-completion-script $$shell >"$(PAGES)/completion.$$shell"; done

.PHONY: install
install: ## install the program for each of VARIANTS, man pages, completions, job scripts and documents under PREFIX
	@if [ -n "$${SUDO_USER:-}" ] && ! ls $(foreach v,$(VARIANTS),$(call variant,$(v))) $(PAGES)/prsgd-mpi.1 >/dev/null 2>&1; then
	  echo "make: build first, as yourself: make pages" >&2
	  exit 1
	fi
	[ -n "$${SUDO_USER:-}" ] || $(MAKE) pages
	prefix=$(DESTDIR)$(PREFIX)
	bin=$$prefix/bin libexec=$$prefix/libexec/prsgd-mpi share=$$prefix/share/prsgd-mpi doc=$$prefix/share/doc/prsgd-mpi
	rm -rf "$$libexec" "$$share" "$$doc"
	install -d "$$bin" "$$share/jobs" "$$doc/docs/experiments" "$$doc/jobs" "$$prefix/share/man/man1"
	for variant in $(VARIANTS); do
	  install -d "$$libexec/$$variant"
	  install -m 755 "$(SCRATCH_OF_MPI)-$$variant/release/prsgd-mpi" "$$libexec/$$variant/prsgd-mpi"
	done
	install -m 755 "$(call variant,$(firstword $(VARIANTS)))-variant" "$$bin/prsgd-mpi"
	install -m 755 jobs/own-session jobs/sweep "$$share/jobs"
	install -m 644 jobs/*.slurm jobs/*.sh "$$share/jobs"
	install -m 755 docs/plot "$$share/plot"
	install -m 644 docs/plot.gp "$$share/plot.gp"
	ln -sf ../share/prsgd-mpi/plot "$$bin/prsgd-mpi-plot"
	ln -sf ../share/prsgd-mpi/jobs/sweep "$$bin/prsgd-mpi-sweep"
	# As they lie here, so that their links lead on.
	install -m 644 README.md CHANGELOG.md LICENSE "$$doc"
	install -m 644 $(wildcard docs/*.md docs/*.png docs/*.svg) "$$doc/docs"
	install -m 644 $(wildcard docs/experiments/*.py) "$$doc/docs/experiments"
	install -m 644 jobs/README.md "$$doc/jobs"
	install -m 755 jobs/own-session "$$doc/jobs"
	install -D -m 644 jobs/packages/prsgd-mpi.def "$$doc/jobs/packages/prsgd-mpi.def"
	install -m 644 $(PAGES)/*.1 "$$prefix/share/man/man1"
	install -D -m 644 $(PAGES)/completion.bash "$$prefix/share/bash-completion/completions/prsgd-mpi"
	install -D -m 644 $(PAGES)/completion.zsh "$$prefix/share/zsh/site-functions/_prsgd-mpi"
	install -D -m 644 $(PAGES)/completion.fish "$$prefix/share/fish/vendor_completions.d/prsgd-mpi.fish"
	version=$$(sed -n 's/.*number = "\(.*\)"/\1/p' Sources/prsgd-mpi/ProgramVersion.swift)
	install -d "$$prefix/share/modulefiles/prsgd-mpi"
	sed -e "s|@PREFIX@|$(PREFIX)|" -e "s|@VERSION@|$$version|" -e "s|@MPI@|$(PRSGD_MPI)|" jobs/packages/modulefile \
	  >"$$prefix/share/modulefiles/prsgd-mpi/$$version"
	echo "installed $$bin/prsgd-mpi for $(VARIANTS), $$share and $$doc"

.PHONY: uninstall
uninstall: ## remove what `make install` installed
	@prefix=$(DESTDIR)$(PREFIX)
	rm -f $$prefix/bin/prsgd-mpi $$prefix/bin/prsgd-mpi-plot $$prefix/bin/prsgd-mpi-sweep \
	  $$prefix/share/man/man1/prsgd-mpi.1 $$prefix/share/man/man1/prsgd-mpi.*.1 \
	  $$prefix/share/bash-completion/completions/prsgd-mpi $$prefix/share/zsh/site-functions/_prsgd-mpi \
	  $$prefix/share/fish/vendor_completions.d/prsgd-mpi.fish
	rm -rf $$prefix/libexec/prsgd-mpi $$prefix/share/prsgd-mpi $$prefix/share/doc/prsgd-mpi $$prefix/share/modulefiles/prsgd-mpi

.PHONY: clean
clean: ## remove what was built; runs/ is kept
	@rm -rf .build .build-*

.PHONY: help
help: ## say what there is
	@echo "prsgd-mpi: parallel restarted SGD over MPI"
	awk '
	  /^##@ / { printf "\n%s:\n", substr($$0, 5) }
	  /^[A-Z0-9_]+ \?=.*## / { name = $$1; value = $$0; sub(/^[A-Z0-9_]+ \?= */, "", value); sub(/^[A-Z0-9_]+ \?=/, "", value)
	    sub(/#.*/, "", value); text = $$0; sub(/.*## /, "", text)
	    printf "  %-12s %s%s\n", name, text, value == "" ? "" : " [" value "]" }
	  /^#   [A-Z_]+ .*## / { text = $$0; sub(/.*## /, "", text); printf "  %-12s %s\n", $$2, text }
	  /^[a-z-]+:.*## / { name = $$1; sub(/:.*/, "", name); text = $$0; sub(/.*## /, "", text)
	    printf "  %-12s %s\n", name, text }' Makefile
