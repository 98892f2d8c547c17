#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The binary has the protections against exploits that its compiler can give it, and a
# distribution's own level is never lowered.
# shellcheck disable=SC2317 # functions called by name
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"
unset MAKEFLAGS CFLAGS CPPFLAGS LDFLAGS HARDENING

headers() { readelf -hlW "$DOCKFW"; }
dynamic() { readelf -dW "$DOCKFW"; }
symbols() { readelf -sW "$DOCKFW"; }
has() { "$1" >"$WORK/read" && grep -qE -- "$2" "$WORK/read"; } # headers|dynamic|symbols PATTERN
lacks() { "$1" >"$WORK/read" && [ -s "$WORK/read" ] && ! grep -E -- "$2" "$WORK/read"; }

holds "it is position-independent" has headers 'Type: *DYN'
holds "its relocations are read-only" has headers GNU_RELRO
holds "all symbols are bound at the start" has dynamic BIND_NOW
holds "its stack is not executable" has headers 'GNU_STACK .* RW '
holds "no segment can be written and executed" lacks headers '^ +[A-Z_]+ .* RWE '
holds "it has no library search path of its own" lacks dynamic 'RPATH|RUNPATH'
if has symbols '__(asan|gcov)_'; then
	# These builds are for tests only, with flags of their own.
	finish
fi
holds "it has a stack protector" has symbols __stack_chk_fail
for call in '__v?[a-z]*printf_chk' '__memcpy_chk|__memset_chk|__read_chk|__fread_chk|__strc[a-z]*_chk'; do
	holds "libc's calls are checked: $call" has symbols "$call"
done

# ---- what the compiler has is used ----

CC=${CC:-cc}
command=$(make -n V=1 BUILD="$BUILD" -W src/main.c "$BUILD/main.o" | grep -- ' -c -o ')
echo 'int main(void) { return 0; }' >"$WORK/main.c"
used() { [[ " $command " == *" $1 "* ]] || { echo "$command"; return 1; }; }
compiles() { # FLAG…: in silence
	[ -z "$($CC -O2 "$@" -o "$WORK/main" "$WORK/main.c" 2>&1)" ]
}
for flag in -fstack-protector-strong -fstack-clash-protection -fcf-protection -mbranch-protection=standard \
	-ftrivial-auto-var-init=zero; do
	if compiles "$flag"; then
		holds "$CC has $flag, and it is used" used "$flag"
	else
		refuses "$CC does not have $flag, and it is not used" used "$flag"
	fi
done
fortified() { # FLAG…: prints the level of the C library
	printf '%s\n' '#include <stdio.h>' __USE_FORTIFY_LEVEL | $CC -O2 "$@" -E -x c - 2>/dev/null | tail -n 1
}
best=2
[ "$(fortified -D_FORTIFY_SOURCE=3)" != 3 ] || ! compiles -D_FORTIFY_SOURCE=3 -include stdio.h || best=3
holds "$CC has level $best of the fortified libc, and it is used" used "-Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=$best"

# With debug information, gcc writes down what it was really given.
producer=$(readelf --debug-dump=info "$BUILD/main.o" 2>/dev/null | grep -m 1 'DW_AT_producer.* GNU C')
if [ -n "$producer" ]; then
	for flag in $(tr ' ' '\n' <"$BUILD/hardening" | grep -v '^-Wp'); do
		holds "main.o was compiled with $flag" grep -qF -- " $flag" <<<"$producer"
	done
fi

# Every object has the note about indirect branches; the program, if the files that the
# distribution links with each program have it as well.
feature() { readelf -nW "$1" 2>/dev/null | grep -q 'x86 feature: .*IBT.*SHSTK'; }
if used -fcf-protection >/dev/null; then
	without=$(find "$BUILD" -name '*.o' -path '*/base/*' | while read -r object; do feature "$object" || echo "$object"; done)
	holds "each object is ready for IBT and SHSTK" [ -z "$without" ]
	whole=true
	for file in Scrt1.o crti.o crtn.o crtbeginS.o crtendS.o; do
		feature "$($CC -print-file-name=$file)" || whole=false
	done
	if $whole; then
		holds "so is the program" feature "$DOCKFW"
	fi
fi

# ---- other compilers, other flags ----

built() { # [VARIABLE=VALUE…]: one object, in silence; its flags are in $WORK/b/hardening
	rm -rf "$WORK/b"
	make -s BUILD="$WORK/b" "$@" "$WORK/b/base/util.o" >"$WORK/made" 2>&1
	local status=$?
	grep -v '^  CC' "$WORK/made"
	[ "$status" = 0 ] && [ "$(wc -l <"$WORK/made")" = 1 ]
}
level() { [[ $(cat "$WORK/b/hardening") == *" -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=$1" ]] || { cat "$WORK/b/hardening"; return 1; }; }
for theirs in CPPFLAGS=-D_FORTIFY_SOURCE=2 'CFLAGS=-O2 -Wp,-D_FORTIFY_SOURCE=2' \
	'CFLAGS=-O2 -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=3'; do
	holds "a distribution's $theirs" built "$theirs"
	holds "is not lowered" level "$best"
done
holds "without optimization" built CFLAGS=-O0
refuses "there is no level" level '*'
for other in gcc clang; do
	! command -v $other >/dev/null || holds "$other" built CC=$other
done
# A compiler that has less: gcc 11.
cat >"$WORK/cc" <<END
#!/bin/sh
case " \$* " in
*' -ftrivial-auto-var-init'*) echo "cc: error: unrecognized command-line option" >&2; exit 1 ;;
*_FORTIFY_SOURCE=3*) echo "warning: _FORTIFY_SOURCE > 2 is treated like 2 on this platform" >&2 ;;
esac
exec $CC "\$@"
END
chmod +x "$WORK/cc"
holds "an older compiler" built CC="$WORK/cc"
holds "has the level that it knows" level 2
refuses "and not the flag that it refuses" grep -q -- -ftrivial "$WORK/b/hardening"
holds "another compiler is probed again" make -s BUILD="$WORK/b" CC="$CC" "$WORK/b/base/util.o"
holds "and used" level "$best"
holds "nothing is built twice" make -q BUILD="$WORK/b" CC="$CC" "$WORK/b/base/util.o"
finish
