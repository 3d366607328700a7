# SPDX-License-Identifier: GPL-2.0-or-later
# Everything is made below build/. `make help` lists the targets.

VERSION := 0.1
PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc
UNITDIR ?= /lib/systemd/system
SYSUSERSDIR ?= /usr/lib/sysusers.d

Q = $(if $(V),,@echo "  $@"; )
CC := gcc
CLANG ?= clang
BPFTOOL ?= $(or $(shell command -v bpftool 2>/dev/null),/usr/sbin/bpftool)
B := build

DAEMON_PKGS := libbpf libelf zlib libnl-3.0 libnl-route-3.0 yaml-0.1 jansson sqlite3 libmicrohttpd libcrypto libidn2 libcap-ng libsystemd libpcap
CLI_PKGS := jansson
PAGES_PKGS := jansson libmicrohttpd libcrypto yaml-0.1 libcap-ng libsystemd

WARN := -Wall -Wextra -Werror -Wno-unused-parameter
DEFS := -D_GNU_SOURCE -DESAFE_VERSION='"$(VERSION)"' -DESAFE_SYSCONFDIR='"$(SYSCONFDIR)/esafe"' -DESAFE_DATADIR='"$(PREFIX)/share/esafe"'
CFLAGS ?= -O2 -g
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
BASE := -std=gnu11 $(WARN) $(DEFS) -Iinclude -MMD -MP
DAEMON_FLAGS = $(BASE) -Idaemon -I$(B)/bpf $(shell pkg-config --cflags $(DAEMON_PKGS))
CLI_FLAGS = $(BASE) -Icli $(shell pkg-config --cflags $(CLI_PKGS))
DAEMON_LIBS = $(shell pkg-config --libs $(DAEMON_PKGS)) -lpthread -lm
PAGES_FLAGS = $(BASE) -Idaemon/pages -Idaemon $(shell pkg-config --cflags $(PAGES_PKGS))
PAGES_LIBS = $(shell pkg-config --libs $(PAGES_PKGS)) -lpthread
CLI_LIBS = $(shell pkg-config --libs $(CLI_PKGS))
SAN := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FUZZ_SAN := -O1 -gline-tables-only -fno-sanitize-recover=undefined -fsanitize=address,undefined,fuzzer
MULTIARCH := $(shell $(CC) -print-multiarch)
BPF_FLAGS := -target bpf -mcpu=v3 -O2 -g -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-function \
	-Wno-address-of-packed-member -Iinclude -Ibpf -I/usr/include/$(MULTIARCH)

DAEMON_SRC := $(wildcard daemon/*.c)
CLI_SRC := $(wildcard cli/*.c)
PAGES_SRC := $(wildcard daemon/pages/*.c)
# What esafe-pages shares with the daemon: nothing that knows of packets, policies or databases.
PAGES_SHARED := clock file limit log loop notify prefix problem schema webloop yamltree
DAEMON_OBJ := $(DAEMON_SRC:%.c=$(B)/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(B)/%.o)
PAGES_OBJ := $(PAGES_SRC:%.c=$(B)/%.o)
SAN_OBJ := $(patsubst %.c,$(B)/san/%.o,$(filter-out daemon/main.c,$(DAEMON_SRC)) $(filter-out cli/main.c,$(CLI_SRC)) \
	$(filter-out daemon/pages/main.c,$(PAGES_SRC)))
FUZZ_OBJ := $(patsubst daemon/%.c,$(B)/fuzzobj/%.o,$(filter-out daemon/main.c,$(DAEMON_SRC)) \
	$(filter-out daemon/pages/main.c,$(PAGES_SRC)))
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
PARSE := $(patsubst tests/parse/%.c,$(B)/parse/%,$(wildcard tests/parse/test_*.c))
BPFTEST := $(patsubst tests/bpf/%.c,$(B)/bpftest/%,$(wildcard tests/bpf/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
SYSTOOLS := $(patsubst tests/system/%.c,$(B)/system/%,$(wildcard tests/system/*.c))
BENCH := $(patsubst tests/bench/%.c,$(B)/bench/%,$(filter-out %.bpf.c,$(wildcard tests/bench/*.c)))
SKEL := $(B)/bpf/esafe.skel.h

.PHONY: all help run tests check check-kernels unit parse bpf system fuzz fuzz-replay layers bench bench-peers install clean
all: $(B)/esafed $(B)/esafectl $(B)/esafe-pages $(B)/esafe-login

help:
	@echo 'all install clean | run check | unit parse bpf system fuzz-replay layers | check-kernels fuzz bench bench-peers'

# ---- kernel programs ----
$(B)/bpf/esafe.bpf.o: bpf/esafe.bpf.c $(wildcard bpf/*.h include/esafe/*.h) Makefile
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -c $< -o $@

$(SKEL): $(B)/bpf/esafe.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name esafe_bpf > $@.tmp && mv $@.tmp $@

# ---- daemon and command ----
$(B)/daemon/%.o: daemon/%.c | $(SKEL)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(HARDEN) $(DAEMON_FLAGS) -c $< -o $@
$(B)/daemon/pages/%.o: daemon/pages/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(HARDEN) $(PAGES_FLAGS) -c $< -o $@
$(B)/cli/%.o: cli/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(HARDEN) $(CLI_FLAGS) -c $< -o $@
$(B)/esafed: $(DAEMON_OBJ)
	$(Q)$(CC) -pie -Wl,-z,relro,-z,now $^ $(DAEMON_LIBS) -o $@
$(B)/esafectl: $(CLI_OBJ)
	$(Q)$(CC) -pie -Wl,-z,relro,-z,now $^ $(CLI_LIBS) -o $@
$(B)/esafe-pages: $(PAGES_OBJ) $(PAGES_SHARED:%=$(B)/daemon/%.o)
	$(Q)$(CC) -pie -Wl,-z,relro,-z,now $^ $(PAGES_LIBS) -o $@
$(B)/esafe-login: daemon/login/main.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(HARDEN) $(BASE) $< -pie -Wl,-z,relro,-z,now -lpam -o $@

# ---- tests ----
$(B)/san/daemon/pages/%.o: daemon/pages/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) $(PAGES_FLAGS) -c $< -o $@
$(B)/san/daemon/%.o: daemon/%.c | $(SKEL)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) $(DAEMON_FLAGS) -c $< -o $@
$(B)/san/cli/%.o: cli/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) $(CLI_FLAGS) -c $< -o $@
$(B)/san/modules.a: $(SAN_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^
$(B)/unit/%: tests/unit/%.c $(B)/san/modules.a $(wildcard tests/unit/*.h) tests/parse/parse.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) $(DAEMON_FLAGS) -Icli -Idaemon/pages -Itests/unit -Itests/parse \
		-DESAFE_SOURCE='"$(CURDIR)"' $< $(B)/san/modules.a -o $@ -lcriterion $(DAEMON_LIBS)
$(B)/parse/%: tests/parse/%.c $(wildcard bpf/*.h include/esafe/*.h tests/parse/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) $(BASE) -Wno-unused-function -Ibpf -Itests/parse $< -o $@ -lcriterion -lcrypto
$(B)/modules.a: $(filter-out $(B)/daemon/main.o,$(DAEMON_OBJ))
	@rm -f $@
	$(Q)ar rcs $@ $^
$(B)/bpftest/%: tests/bpf/%.c $(wildcard tests/bpf/*.h) $(B)/modules.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(DAEMON_FLAGS) -Itests/bpf -Itests/parse $< $(B)/modules.a -o $@ -lcriterion $(DAEMON_LIBS)
$(B)/system/%: tests/system/%.c $(wildcard tests/system/*.h) tests/parse/prefaces.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(BASE) -Itests/parse $< -o $@ -lcrypto -lpthread
$(B)/bench/refill.skel.h: tests/bench/refill.bpf.c tests/bench/refill.h
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -Itests/bench -c $< -o $(B)/bench/refill.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $(B)/bench/refill.bpf.o name refill > $@.tmp && mv $@.tmp $@
$(B)/bench/%: tests/bench/%.c $(B)/bench/refill.skel.h $(wildcard tests/bench/*.h tests/bpf/*.h) $(B)/modules.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(DAEMON_FLAGS) -Itests/bpf -Itests/parse -Itests/bench -I$(B)/bench $< $(B)/modules.a -o $@ $(DAEMON_LIBS)
$(B)/fuzzobj/pages/%.o: daemon/pages/%.c
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_SAN)-no-link $(PAGES_FLAGS) -w -c $< -o $@
$(B)/fuzzobj/%.o: daemon/%.c | $(SKEL)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_SAN)-no-link $(DAEMON_FLAGS) -w -c $< -o $@
$(B)/fuzzobj/modules.a: $(FUZZ_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^
$(B)/fuzz/%: tests/fuzz/%.c $(B)/fuzzobj/modules.a $(wildcard tests/parse/*.h) $(wildcard tests/fuzz/*.h bpf/*.h)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_SAN) $(DAEMON_FLAGS) -w -Icli -Idaemon/pages -Ibpf -Itests/parse $< $(B)/fuzzobj/modules.a -o $@ $(DAEMON_LIBS)

unit: $(UNIT)
	scripts/suite unit $(UNIT)
parse: $(PARSE)
	scripts/suite parse $(PARSE)
bpf: $(BPFTEST)
	scripts/suite bpf $(BPFTEST)
system: all $(SYSTOOLS)
	tests/system/run
layers:
	scripts/layers
check-kernels: all $(BPFTEST) $(B)/bpftest/verified $(SYSTOOLS)
	scripts/check-kernels
fuzz: $(FUZZ)
	scripts/fuzz $(FUZZ)
fuzz-replay: $(FUZZ)
	scripts/fuzz --replay $(FUZZ)
tests: $(UNIT) $(PARSE) $(BPFTEST) $(FUZZ) $(SYSTOOLS) $(BENCH)
check: layers unit parse bpf fuzz-replay system
run: all
	scripts/run

# ---- measurements, never a test ----
bench: all $(BENCH) $(B)/system/surge
	scripts/bench
bench-peers: all $(BENCH)
	scripts/bench-peers

# ---- installation ----
MANDIR := $(DESTDIR)$(PREFIX)/share/man
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(MANDIR)/man5 $(MANDIR)/man8
	install -m 755 $(B)/esafed $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(B)/esafe-pages $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(B)/esafectl $(DESTDIR)$(PREFIX)/bin/
	install -m 644 daemon/esafe-policy.5 $(MANDIR)/man5/
	install -m 644 daemon/esafed.8 daemon/pages/esafe-pages.8 cli/esafectl.8 $(MANDIR)/man8/
	install -D -m 644 cli/esafectl.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/esafectl
	install -d $(DESTDIR)$(PREFIX)/share/esafe/lists $(DESTDIR)$(PREFIX)/share/esafe/prometheus
	install -m 644 daemon/share/*.yaml daemon/share/letter.txt $(DESTDIR)$(PREFIX)/share/esafe/
	install -d $(DESTDIR)$(PREFIX)/share/esafe/pages
	install -m 644 daemon/share/pages/* $(DESTDIR)$(PREFIX)/share/esafe/pages/
	install -m 644 daemon/share/lists/*.txt $(DESTDIR)$(PREFIX)/share/esafe/lists/
	install -m 644 daemon/share/prometheus/*.yaml $(DESTDIR)$(PREFIX)/share/esafe/prometheus/
	install -d -m 755 $(DESTDIR)$(SYSCONFDIR)/esafe
	for f in esafed.yaml policy.yaml pages.yaml; do \
		[ -e $(DESTDIR)$(SYSCONFDIR)/esafe/$$f ] || install -m 644 daemon/share/$$f $(DESTDIR)$(SYSCONFDIR)/esafe/; done
	install -d $(DESTDIR)$(UNITDIR)
	sed 's,@PREFIX@,$(PREFIX),g' daemon/esafed.service > $(DESTDIR)$(UNITDIR)/esafed.service
	sed 's,@PREFIX@,$(PREFIX),g' daemon/pages/esafe-pages.service > $(DESTDIR)$(UNITDIR)/esafe-pages.service
	sed 's,@PREFIX@,$(PREFIX),g' daemon/login/esafe-login@.service > $(DESTDIR)$(UNITDIR)/esafe-login@.service
	install -m 644 daemon/login/esafe-login.socket $(DESTDIR)$(UNITDIR)/
	install -D -m 755 $(B)/esafe-login $(DESTDIR)$(PREFIX)/libexec/esafe-login
	install -d $(DESTDIR)$(SYSCONFDIR)/pam.d
	[ -e $(DESTDIR)$(SYSCONFDIR)/pam.d/esafe ] || install -m 644 daemon/login/esafe.pam $(DESTDIR)$(SYSCONFDIR)/pam.d/esafe
	install -D -m 644 daemon/esafe.sysusers $(DESTDIR)$(SYSUSERSDIR)/esafe.conf

clean:
	rm -rf $(B)

-include $(DAEMON_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(PAGES_OBJ:.o=.d) $(SAN_OBJ:.o=.d) $(FUZZ_OBJ:.o=.d) $(FUZZ:=.d)
