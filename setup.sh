#!/bin/sh
# setup.sh LOCK: a virtual environment in .venv with exactly what LOCK names, and this project.
# Uses uv where it is on the path or can be installed, else pip. Needs Python 3.11 or newer.
set -eu
lock=$1
venv=.venv

python=
for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "setup: no Python 3.11 or newer was found; install one, or name it: PYTHON=/path/to/python make run" >&2
    exit 1
fi

say() { echo "setup: $*" >&2; }

if [ ! -x $venv/bin/python ] || ! $venv/bin/python -c '' 2>/dev/null; then
    say "making $venv with $("$python" --version)"
    rm -rf $venv
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --python "$python" $venv
    elif ! "$python" -m venv $venv 2>/dev/null; then
        rm -rf $venv
        say "'$python -m venv' does not work here. On Debian and Ubuntu: apt-get install python3-venv"
        exit 1
    fi
fi

# "compat" puts the project itself on the path, so that benches find the servers that the tests start.
say "installing what $lock names (about a minute the first time)"
if command -v uv >/dev/null 2>&1; then
    uv=uv
elif [ -x $venv/bin/uv ] || $venv/bin/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null; then
    uv=$venv/bin/uv
else
    uv=
fi

with_uv() {
    # A school's proxy may hold the connection under a certificate of its own, which only the system knows.
    UV_SYSTEM_CERTS=1 "$uv" pip install --quiet --python $venv/bin/python "$@"
}
with_pip() {
    $venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
}
install() {
    "$1" --require-hashes -r "$lock" && "$1" --no-deps --config-settings editable_mode=compat -e .
}

if [ -n "$uv" ] && install with_uv; then
    exit 0
fi
[ -z "$uv" ] || say "uv did not get through; trying pip"
if ! $venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "there is no pip in $venv to try"
    exit 1
fi
install with_pip
