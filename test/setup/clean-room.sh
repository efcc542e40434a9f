#!/usr/bin/env bash
# Runs a command on a clean copy of this repository in a fresh Debian 12 that has only Node, npm and
# git: the newcomer's machine. Needs root and debootstrap.
#
#   test/setup/clean-room.sh 'npm test'
#
# The base system is made once and kept; every run starts from it anew. This machine's ways out (apt
# sources, proxies, npm settings, certificates) are carried in.
#   CLEAN_ROOM_CACHE   where it is kept: outside of the repository, which tools walk through
#   CLEAN_ROOM_MIRROR  Debian mirror for debootstrap (its own default when empty)
#   CLEAN_ROOM_KEEP    not empty: the room is kept afterwards, its path is on stderr
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${CLEAN_ROOM_CACHE:-/var/tmp/understudy-clean-room}
base=$cache/base
command=${1:?usage: clean-room.sh '<command>'}
say() { echo "clean room: $*" >&2; }

[ "$(id -u)" -eq 0 ] || { say "needs root"; exit 3; }
command -v debootstrap >/dev/null || { say "sudo apt-get install -y debootstrap"; exit 3; }

if [ ! -e "$base/.complete" ]; then
  say "making the base system"
  rm -rf "$base"
  mkdir -p "$base"
  debootstrap --variant=minbase --include=git,ca-certificates bookworm "$base" \
    ${CLEAN_ROOM_MIRROR:+"$CLEAN_ROOM_MIRROR"} >"$cache/debootstrap.log" 2>&1 \
    || { tail -n 20 "$cache/debootstrap.log" >&2; exit 1; }
  # This machine's Node, where a tarball from nodejs.org would put it.
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  npm_folder=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  cp "$prefix/bin/node" "$base/usr/local/bin/node"
  mkdir -p "$base/usr/local/lib/node_modules" "$base/usr/local/include"
  cp -a "$npm_folder" "$base/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$base/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$base/usr/local/bin/npx"
  [ ! -d "$prefix/include/node" ] || cp -a "$prefix/include/node" "$base/usr/local/include/node"
  touch "$base/.complete"
fi

work=$(mktemp -d "$cache/run-XXXXXX")
room=$work/room
cp -a "$base" "$room"
leave() { [ -n "${CLEAN_ROOM_KEEP:-}" ] && say "kept in $room" || rm -rf "$work"; }
trap leave EXIT

copy_in() { # a file or folder of this machine, to the same place inside
  [ -e "$1" ] || return 0
  mkdir -p "$room$(dirname "$1")"
  cp -aL "$1" "$room$(dirname "$1")/"
}
copy_in /etc/resolv.conf
copy_in /etc/hosts
copy_in /usr/local/share/ca-certificates
copy_in /etc/ssl/certs/ca-certificates.crt
for file in /etc/apt/apt.conf.d/*[Pp]roxy* /etc/apt/sources.list.d/debian.sources; do
  copy_in "$file"
done
npm_user=$(npm config get userconfig 2>/dev/null)
if [ -f "$npm_user" ]; then
  mkdir -p "$room/root"
  # Where the headers are is this machine's own affair.
  grep -v '^nodedir' "$npm_user" >"$room/root/.npmrc" || true
fi
carried=(HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY \
  NODE_EXTRA_CA_CERTS SSL_CERT_FILE npm_config_registry npm_config_cafile; do
  [ -z "${!name:-}" ] || carried+=("$name=${!name}")
done

git clone -q --no-hardlinks "$repository" "$room/root/understudy"

say "running: $command"
# Mounts and processes live in namespaces of their own and go when the command is done.
code=0
room=$room unshare --mount --pid --fork --kill-child --propagation private \
  bash -euc '
    mount --bind "$room" "$room"
    mount -t proc proc "$room/proc"
    mount --rbind /sys "$room/sys"
    mount --rbind /dev "$room/dev"
    mount -t tmpfs tmpfs "$room/run"
    mount -t tmpfs tmpfs "$room/tmp"
    chmod 1777 "$room/tmp"
    # Its own root, as on a machine: what the tests boot and mount looks at where "/" is.
    cd "$room" && mkdir -p .outside && pivot_root . .outside && umount -l /.outside && rmdir /.outside
    exec env -i "${@:2}" bash -c "cd /root/understudy && $1"
  ' bash "$command" "${carried[@]}" </dev/null || code=$?
say "exit $code"
exit "$code"
