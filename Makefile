# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# make                            build every tool into build/
# make check                      run every test this machine can run (./check)
# make unit                       build and run the unit tests; no root needed
# make install DESTDIR= PREFIX=   install tools and man pages
#
# Variables:
# V=1                             shows the commands
# WERROR=                         allows warnings
# SANITIZE=address,undefined      builds with sanitizers, in a folder of its own
# STATIC=1                        builds static binaries, in a folder of its own
# VMLINUX_H=path                  compiles the kernel side against this generated header, not src/bpf/kernel.bpf.h
# CC=aarch64-linux-gnu-gcc SYSROOT=folder BUILD=build/arm64
#                                 builds for another architecture, whose headers and libraries are in SYSROOT

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

CC           := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
CLANG        ?= clang
LLVM_STRIP   ?= llvm-strip
# Debian keeps bpftool in /usr/sbin, which is not on every user's PATH.
BPFTOOL      ?= $(or $(shell command -v bpftool 2>/dev/null),/usr/sbin/bpftool)
PKG_CONFIG   ?= pkg-config
INSTALL      ?= install
CLANG_FORMAT ?= clang-format

PREFIX  ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR  ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions

TOOLS   := tcpstates tcprtt tcpvitals-exporter
VERSION := 0.1.0

V        ?= 0
WERROR   ?= 1
SANITIZE ?=
STATIC   ?=
VMLINUX_H ?=
SYSROOT   ?=

comma   := ,
VARIANT := $(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))$(if $(STATIC),-static)$(if $(VMLINUX_H),-vmlinux)
BUILD   ?= build$(VARIANT:-%=/%)

ifeq ($(V),1)
Q   :=
say :=
else
Q   := @
say = @printf '  %-9s %s\n' '$(1)' '$(2)';
endif

# ---- flags -------------------------------------------------------------------------------------------------------------

# Two machines and two folders shall produce the same bytes.
PREFIX_MAP := '-ffile-prefix-map=$(CURDIR)/=' '-ffile-prefix-map=$(CURDIR)=.'

CPPFLAGS_ALL := -D_GNU_SOURCE -DTCPVITALS_VERSION='"$(VERSION)"' -Isrc -I$(BUILD)/bpf $(CPPFLAGS)
WARNINGS     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
	$(if $(WERROR),-Werror)
CFLAGS       ?= -O2 -g
CFLAGS_ALL   := -std=gnu11 $(WARNINGS) -fno-common -fstack-protector-strong $(PREFIX_MAP) $(CFLAGS)
LDFLAGS_ALL  := $(LDFLAGS)
LDLIBS       := -lbpf -lelf -lz -lcap

ifneq ($(SANITIZE),)
CFLAGS_ALL  += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_ALL += -fsanitize=$(SANITIZE)
else
CPPFLAGS_ALL += $(if $(findstring -O0,$(CFLAGS)),,-D_FORTIFY_SOURCE=2)
endif

MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
ifneq ($(SYSROOT),)
CFLAGS_ALL  += --sysroot=$(SYSROOT)
LDFLAGS_ALL += $(foreach folder,/usr/lib /lib,-Wl,-rpath-link,$(SYSROOT)$(folder)/$(MULTIARCH))
HAVE_LIBSYSTEMD :=
endif

ifneq ($(STATIC),)
# Debian has no static libsystemd: a static tcpstates says so when it is asked for --journal. And the C library's name service loads shared
# libraries, so a static tool knows the users of /etc/passwd only.
LDFLAGS_ALL += -static
CPPFLAGS_ALL += -DWITHOUT_NSS
else
HAVE_LIBSYSTEMD ?= $(shell $(PKG_CONFIG) --exists libsystemd 2>/dev/null && echo 1)
endif
ifneq ($(HAVE_LIBSYSTEMD),)
CPPFLAGS_ALL += -DHAVE_LIBSYSTEMD
LDLIBS       += -lsystemd
endif

# Without libzstd, a tool says so when it is asked for --out FILE.zst.
HAVE_LIBZSTD ?= $(if $(SYSROOT),,$(shell $(PKG_CONFIG) --exists libzstd 2>/dev/null && echo 1))
ifneq ($(HAVE_LIBZSTD),)
CPPFLAGS_ALL += -DHAVE_LIBZSTD
LDLIBS       += -lzstd
endif

# Without ncurses, tcpstates says so when it is asked for the screen of --live. A static one has none: ncurses reads terminfo where Debian has it.
HAVE_NCURSES ?= $(if $(STATIC)$(SYSROOT),,$(shell $(PKG_CONFIG) --exists ncursesw 2>/dev/null && echo 1))
ifneq ($(HAVE_NCURSES),)
CPPFLAGS_ALL   += -DHAVE_NCURSES
tcpstates_LIBS := $(shell $(PKG_CONFIG) --libs ncursesw)
endif

# Without yajl, tcpstates says so when it is asked for --replay.
HAVE_YAJL ?= $(if $(STATIC)$(SYSROOT),,$(shell $(PKG_CONFIG) --exists yajl 2>/dev/null && echo 1))
ifneq ($(HAVE_YAJL),)
CPPFLAGS_ALL   += -DHAVE_YAJL
YAJL_LIBS      := $(shell $(PKG_CONFIG) --libs yajl)
tcpstates_LIBS += $(YAJL_LIBS)
endif

# The exporter needs more libraries, of which Debian has no static ones.
HAVE_EXPORTER ?= $(if $(STATIC)$(SYSROOT),,$(shell $(PKG_CONFIG) --exists libmicrohttpd gnutls yaml-0.1 libcrypt 2>/dev/null && echo 1))
BUILT_TOOLS   := $(if $(HAVE_EXPORTER),$(TOOLS),$(filter-out tcpvitals-exporter,$(TOOLS)))

BPF_ARCH   := $(subst x86_64,x86,$(subst aarch64,arm64,$(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))))
# -mcpu=v3: 32-bit registers and jumps, in every kernel since 5.1.
BPF_CFLAGS := -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -O2 -g -gno-column-info -std=gnu11 -fno-strict-aliasing -Wall -Wextra $(if $(WERROR),-Werror) \
	-Wno-unused-parameter -Wno-unused-function $(PREFIX_MAP) -Isrc $(if $(MULTIARCH),-idirafter $(SYSROOT)/usr/include/$(MULTIARCH)) \
	$(if $(VMLINUX_H),-DVMLINUX_H='"$(abspath $(VMLINUX_H))"')

# ---- files -------------------------------------------------------------------------------------------------------------

LIB_SRC   := $(wildcard src/core/*.c src/output/*.c src/os/*.c src/replay/*.c src/probe/*.c src/app/*.c)
LIB_OBJ   := $(LIB_SRC:%.c=$(BUILD)/%.o)
LIB       := $(BUILD)/libtcpvitals.a
BPF_SRC   := $(wildcard src/bpf/*.bpf.c)
SKELETONS := $(BPF_SRC:src/bpf/%.bpf.c=$(BUILD)/bpf/%.skel.h)
BINARIES  := $(BUILT_TOOLS:%=$(BUILD)/%)
MANPAGES  := $(wildcard man/*.[1-8])

UNIT_SRC   := $(wildcard tests/unit/*/*.c)
UNIT_TESTS := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/unit/%)
# Programs that the tests use besides the unit tests: one binary for each file of tests/kernel and bench, whose lib/ they share.
KERNEL_LIB_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/kernel/lib/*.c))
KERNEL_TESTS   := $(patsubst tests/kernel/%.c,$(BUILD)/tests/kernel/%,$(wildcard tests/kernel/*.c))
BUDGET_TESTS   := $(patsubst tests/budget/%.c,$(BUILD)/tests/budget/%,$(wildcard tests/budget/*.c))
MACHINE        := $(BUILD)/tests/machine/machine
MACHINE_OBJ    := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %.bpf.c,$(wildcard tests/machine/*.c)))
# Runs a command on a kernel that refuses certain programs.
REFUSE_BPF     := $(BUILD)/tests/refuse/refuse_bpf
BENCH          := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))
BENCH_LIB_OBJ  := $(patsubst %.c,$(BUILD)/%.o,$(wildcard bench/lib/*.c))
BENCH_BPF      := $(patsubst %.bpf.c,$(BUILD)/%.bpf.o,$(wildcard bench/bpf/*.bpf.c))
FORMATTED      := $(shell find src tests bench -name '*.[ch]' 2>/dev/null)

.PHONY: all check unit tests bench format format-check tidy install uninstall clean print-bpf-command FORCE
all: $(BINARIES)

# ---- rules -------------------------------------------------------------------------------------------------------------

# Rewritten only when compiler or flags change; every object depends on it.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(LDLIBS) $(CLANG) $(BPF_CFLAGS))' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Not one access that libbpf relocates: it cannot load such an object on a kernel without BTF.
$(BUILD)/bpf/%_tp.bpf.o: BPF_CFLAGS += -DWITHOUT_BTF

$(BUILD)/bpf/%.bpf.o: src/bpf/%.bpf.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@ && $(LLVM_STRIP) -g $@

# With a skeleton as the tools' own, of its program only.
$(BUILD)/bpf/%.bpf.o: tests/machine/%.bpf.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@ && $(LLVM_STRIP) -g $@

$(BUILD)/bench/bpf/%.bpf.o: bench/bpf/%.bpf.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@ && $(LLVM_STRIP) -g $@

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call say,GEN-SKEL,$@)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(LIB): $(LIB_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

define tool_rules
$(1)_OBJ := $$(patsubst %.c,$$(BUILD)/%.o,$$(wildcard src/$(1)/*.c))
$$(BUILD)/$(1): $$($(1)_OBJ) $$(LIB)
	$$(call say,BINARY,$$@)$$(CC) $$(CFLAGS_ALL) $$(LDFLAGS_ALL) $$^ $$($(1)_LIBS) $$(LDLIBS) -o $$@
endef
# page.c includes the files of the live page.
$(BUILD)/src/tcpvitals-exporter/page.o: $(wildcard src/tcpvitals-exporter/page/*)
tcpvitals-exporter_LIBS := -lmicrohttpd -lgnutls -lyaml -lcrypt
$(foreach tool,$(BUILT_TOOLS),$(eval $(call tool_rules,$(tool))))

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	$(call say,BINARY,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ $(LDLIBS) $(YAJL_LIBS) -lcmocka -o $@

$(BUILD)/tests/kernel/metrics_groups: $(BUILD)/src/tcpvitals-exporter/groups.o
$(BUILD)/tests/kernel/%: $(BUILD)/tests/kernel/%.o $(KERNEL_LIB_OBJ) $(LIB)
	$(call say,BINARY,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ $(LDLIBS) $(YAJL_LIBS) -lcmocka -ljansson -o $@

# It tries netem as the tests impose it.
$(filter $(BUILD)/src/probe/%,$(LIB_OBJ)): | $(SKELETONS)
$(MACHINE_OBJ): | $(BUILD)/bpf/machine.skel.h
$(MACHINE): $(MACHINE_OBJ) $(KERNEL_LIB_OBJ) $(LIB)
	$(call say,BINARY,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ $(LDLIBS) -lcmocka -ljansson -o $@

tests: $(BUDGET_TESTS) $(MACHINE) $(REFUSE_BPF)

$(REFUSE_BPF): $(BUILD)/tests/refuse/refuse_bpf.o
	$(call say,BINARY,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ -o $@

# All of tcpstates but its main().
$(BUILD)/tests/budget/%: $(BUILD)/tests/budget/%.o $(filter-out %/main.o,$(tcpstates_OBJ)) $(LIB)
	$(call say,BINARY,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ $(tcpstates_LIBS) $(LDLIBS) -o $@

$(BUILD)/bench/%: $(BUILD)/bench/%.o $(BENCH_LIB_OBJ) $(LIB)
	$(call say,BINARY,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ $(BENCH_LIBS) -o $@

$(BUILD)/bench/attach $(BUILD)/bench/bracket $(BUILD)/bench/rings: BENCH_LIBS := $(LDLIBS)

# How the kernel side is compiled, a word in each line: for tests/build/headers.
print-bpf-command:
	@printf '%s\n' $(CLANG) $(BPF_CFLAGS)

bench: $(BENCH) $(BENCH_BPF)

tests: all bench $(UNIT_TESTS) $(KERNEL_TESTS)

unit: $(UNIT_TESTS)
	$(Q)for t in $(UNIT_TESTS); do echo "== $$t"; $$t || exit 1; done

check:
	$(Q)./check

format:
	$(Q)$(CLANG_FORMAT) -i $(FORMATTED)

format-check:
	$(Q)$(CLANG_FORMAT) --dry-run --Werror $(FORMATTED)

tidy: $(SKELETONS)
	$(Q)clang-tidy --quiet $(LIB_SRC) $(foreach t,$(TOOLS),$(wildcard src/$(t)/*.c)) -- \
		$(CPPFLAGS_ALL) -std=gnu11

install: all
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(foreach s,$(sort $(patsubst .%,%,$(suffix $(MANPAGES)))),$(DESTDIR)$(MANDIR)/man$(s))
	$(INSTALL) -m 755 $(BINARIES) $(DESTDIR)$(SBINDIR)/
	$(foreach m,$(MANPAGES),$(INSTALL) -m 644 $(m) $(DESTDIR)$(MANDIR)/man$(patsubst .%,%,$(suffix $(m)))/ &&) true
	$(INSTALL) -d $(DESTDIR)$(COMPLETIONDIR)
	$(foreach t,$(TOOLS),$(INSTALL) -m 644 dist/completion/tcpvitals.bash $(DESTDIR)$(COMPLETIONDIR)/$(t) &&) true

uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(SBINDIR)/%) $(TOOLS:%=$(DESTDIR)$(COMPLETIONDIR)/%) \
		$(foreach m,$(MANPAGES),$(DESTDIR)$(MANDIR)/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m)))

clean:
	rm -rf build

# Not those of sources that are gone: make would look for them.
SOURCES := $(LIB_SRC) $(foreach tool,$(TOOLS),$(wildcard src/$(tool)/*.c)) $(UNIT_SRC) $(wildcard tests/kernel/*.c tests/kernel/lib/*.c tests/budget/*.c tests/refuse/*.c bench/*.c bench/lib/*.c) $(MACHINE_OBJ:$(BUILD)/%.o=%.c)
-include $(SOURCES:%.c=$(BUILD)/%.d) $(BPF_SRC:src/%.c=$(BUILD)/%.d) $(BENCH_BPF:.o=.d) $(BUILD)/bpf/machine.bpf.d
