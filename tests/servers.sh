#!/usr/bin/env bash
# Brings the real servers that the tests run against, where no wheel has them: Asterisk 22 and 16 and the oldest
# PostgreSQL as trees of Debian's packages, SIPp, Redis, Chromium, nginx and hledger. Valkey and the newest PostgreSQL
# come from wheels. Trees are kept outside the repository, in ${XDG_CACHE_HOME:-~/.cache}/ccd/asterisk-22, asterisk-16
# and postgresql-13. A line a server says what it is, or why it is not there.
set -uo pipefail

cache=${XDG_CACHE_HOME:-$HOME/.cache}/ccd
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
updated=no

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

install() {
    if [ $updated = no ]; then
        apt-get update >"$log" 2>&1
        updated=yes
    fi
    apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1
}

# A program of a Debian package: program PROGRAM PACKAGE ANOTHER… that does as well, where it is here
program() {
    local found
    for found in "$1" "${@:3}"; do
        if command -v "$found" >/dev/null; then
            echo "servers: $found: $(command -v "$found")"
            return
        fi
    done
    if ! may_install; then
        echo "servers: $1: not here, its tests are skipped; as root: apt-get install $2"
    elif install "$2" && command -v "$1" >/dev/null; then
        echo "servers: $1: installed"
    else
        echo "servers: $1: apt-get could not install $2: $(tail -n 1 "$log")"
    fi
}

# A tree of Debian's packages: tree NAME SUITE PROGRAM-IN-IT PACKAGES
tree() {
    local tree=$cache/$1 mirror folder
    if [ -x "$tree/$3" ]; then
        echo "servers: $1: $tree"
        return
    fi
    if ! may_install; then
        echo "servers: $1: not here, its tests fail; run make test once as root"
        return
    fi
    command -v mmdebstrap >/dev/null || install mmdebstrap
    [ $updated = yes ] || { apt-get update >"$log" 2>&1; updated=yes; }
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 -E '/debian/?$')
    rm -rf "$tree.partial" && mkdir -p "$cache"
    # A mirror may be older than the suite's release file allows.
    if ! mmdebstrap --variant=extract --aptopt='Acquire::Check-Valid-Until "false"' --components=main \
        --include="$4" "$2" "$tree.partial" "$mirror" >"$log" 2>&1; then
        echo "servers: $1: mmdebstrap could not make a tree from $2: $(grep -m1 -E '^E:' "$log" || tail -n 1 "$log")"
        rm -rf "$tree.partial"
        return
    fi
    for folder in lib lib64 bin sbin; do
        [ -e "$tree.partial/$folder" ] || ln -s "usr/$folder" "$tree.partial/$folder"
    done
    [ -e "$tree.partial/bin/sh" ] || ln -s dash "$tree.partial/bin/sh"
    mv "$tree.partial" "$tree"
    echo "servers: $1: $tree"
}

asterisk=asterisk,asterisk-config,asterisk-modules
tree asterisk-22 sid usr/sbin/asterisk $asterisk
tree asterisk-16 bullseye usr/sbin/asterisk $asterisk
tree postgresql-13 bullseye usr/lib/postgresql/13/bin/postgres postgresql-13,dash,sed
program sipp sip-tester
program redis-server redis-server
program chromium-headless-shell chromium-headless-shell chromium chromium-browser # as tests/browser/chromium.py
program systemd-analyze systemd
program nginx nginx-light
program hledger hledger
