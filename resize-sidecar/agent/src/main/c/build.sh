#!/bin/sh
# build.sh INCLUDE OUTPUT: compiles pages.c for each architecture that a compiler is there for; none is no failure.
set -eu
here=$(dirname "$0") include=$1 output=$2

compile() { # architecture, candidates for its compiler
    architecture=$1; shift
    for compiler in "$@"; do
        if command -v "$compiler" >/dev/null 2>&1 && "$compiler" -O2 -Wall -Wextra -Werror -fPIC -shared -nostdlib \
            -ffreestanding -fno-stack-protector -s -Wl,--build-id=none -I"$here/freestanding" -I"$include" \
            -I"$include/linux" -o "$output/holdfast-pages-$architecture.so" "$here/pages.c"; then
            echo "Built the page release for $architecture, with $compiler"
            return
        fi
    done
    echo "No C compiler for $architecture ($*): on it, this agent cannot give heap pages back with Java 17 and 21"
}

if [ "$(uname -s)" != Linux ] || [ ! -f "$include/jni.h" ]; then
    echo "No Linux, or no jni.h in $include: this agent cannot give heap pages back with Java 17 and 21"
    exit 0
fi
mkdir -p "$output"
rm -f "$output"/holdfast-pages-*.so
case $(uname -m) in
    x86_64) compile amd64 "${CC:-cc}" gcc clang && compile arm64 aarch64-linux-gnu-gcc ;;
    aarch64) compile amd64 x86_64-linux-gnu-gcc && compile arm64 "${CC:-cc}" gcc clang ;;
esac
