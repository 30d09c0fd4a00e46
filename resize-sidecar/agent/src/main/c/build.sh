#!/bin/sh
# build.sh INCLUDE OUTPUT: compiles pages.c for each architecture that a compiler is there for; none is no failure.
set -eu
source=$(dirname "$0")/pages.c include=$1 output=$2

compile() { # architecture, candidates for its compiler
    architecture=$1; shift
    for compiler in "$@"; do
        if command -v "$compiler" >/dev/null 2>&1; then
            mkdir -p "$output"
            "$compiler" -O2 -Wall -Wextra -Werror -fPIC -shared -nostdlib -ffreestanding -fno-stack-protector -s \
                -Wl,--build-id=none -I"$include" -I"$include/linux" \
                -o "$output/holdfast-pages-$architecture.so" "$source"
            echo "Built the page release for $architecture, with $compiler"
            return
        fi
    done
    echo "No C compiler for $architecture ($*): this agent cannot give heap pages back on Java 17 and 21 there"
}

machine=$(uname -m)
if [ "$(uname -s)" != Linux ] || [ ! -f "$include/jni.h" ]; then
    echo "No Linux, or no jni.h in $include: this agent cannot give heap pages back on Java 17 and 21"
    exit 0
fi
rm -f "$output"/holdfast-pages-*.so
[ "$machine" = x86_64 ] && compile amd64 "${CC:-cc}" gcc clang || compile amd64 x86_64-linux-gnu-gcc
[ "$machine" = aarch64 ] && compile arm64 "${CC:-cc}" gcc clang || compile arm64 aarch64-linux-gnu-gcc
