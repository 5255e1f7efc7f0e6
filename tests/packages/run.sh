#!/bin/sh
# Installs the packages of requirements.txt into a virtual environment and runs each script here in it,
# with the programs given (default: `togil` of both modes, where they are built). Needs a network once.
# Ends with 1 if a script fails that `failing.txt` does not list, or works though it does.
#
#   tests/packages/run.sh [PROGRAM...]
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../../target}
environment=$target/packages

skip() {
    echo "packages: skipped: $1"
    exit 0
}

if [ $# = 0 ]; then
    for program in "$target/release/modes/gil/togil" "$target/release/modes/free/togil"; do
        [ -x "$program" ] && set -- "$@" "$program"
    done
    [ $# = 0 ] && skip "no togil is built in $target/release/modes (cargo ab builds both); name one"
fi

if ! cmp -s "$here/requirements.txt" "$environment/requirements.txt"; then
    python=
    for name in python3.14 python3.13 python3.12 python3; do
        "$name" -m pip --version >/dev/null 2>&1 && python=$name && break
    done
    [ -n "$python" ] || skip "no python3 with pip to install the packages with"
    version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    rm -rf "$environment"
    mkdir -p "$environment"
    echo "version = $version" >"$environment/pyvenv.cfg"
    log=$environment/pip.log
    "$python" -m pip install --quiet --no-deps --target "$environment/lib/$version/site-packages" \
        -r "$here/requirements.txt" >"$log" 2>&1 || skip "pip cannot install them, see $log"
    cp "$here/requirements.txt" "$environment/"
fi

status=0
for program in "$@"; do
    echo "$program"
    for script in "$here"/use_*.py; do
        name=$(basename "$script" .py | sed 's/^use_//')
        expected=$(sed -n "s/^$name: //p" "$here/failing.txt")
        errors=$(cd "$environment" && VIRTUAL_ENV=$environment timeout 300 "$program" "$script" 2>&1 >/dev/null)
        code=$?
        if [ $code = 0 ] && [ -z "$expected" ]; then
            echo "  $name: works"
        elif [ $code != 0 ] && [ -n "$expected" ] && echo "$errors" | grep -qF "$expected"; then
            echo "  $name: fails, as is known: $expected"
        else
            echo "  $name: UNEXPECTED: status $code: $(echo "$errors" | tail -n 1)"
            status=1
        fi
    done
done
exit $status
