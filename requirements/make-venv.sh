#!/bin/sh
# Makes .venv with ${PYTHON:-python3}, 3.11 or newer. Debian ships Python without `ensurepip`: root
# gets the missing package, anybody else the one command to type.
set -eu
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Mailproof needs Python 3.11 or newer, and '$python' is not that." >&2
    echo "Name another one: make PYTHON=python3.12" >&2
    exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "Python's venv module is missing. Install it, then run make again:" >&2
        echo "  sudo apt-get install $package ca-certificates" >&2
        exit 1
    fi
    echo "Installing $package ..." >&2
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    if ! { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$package" \
        ca-certificates; } </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
fi

"$python" -m venv --clear .venv
