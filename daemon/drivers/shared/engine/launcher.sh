#!/bin/sh
# Runs one encoder process and outlives the daemon together with it.
#
#   launcher.sh <engine directory> <run id> <sed script that hides the key> <program> [arguments]
#
# Descriptor 9 carries the lock and is inherited by the program: the lock is free only when the
# program and this launcher are both gone, even if one of them was killed with -9. In the engine
# directory stand afterwards, each beginning with the run id and whole once its line has ended:
#   pid    <run> <pid> <start time, field 22 of /proc/pid/stat> <process group>
#   exit   <run> <code>      128 + n = ended by signal n; "unknown" = nobody was there to see it
#   words  the last 8 KiB the program said on stderr, once it has ended
# "alive" is a named pipe that the program and who waits for it hold open for writing, and nobody
# else: where no writer is left, both are gone.
# When it cannot begin it says `<run id> <why>` on descriptor 8, if whoever started it opened one.

run=$2 hide=$3
gives_up() {
  echo "$run $1" 2>/dev/null >&8
  exit 1
}
cd "$1" || gives_up "its folder is missing"
shift 3
umask 077
exec 9>>lock
flock -w 2 9 || gives_up "the one before still runs"
exec 8>&-
: >words
# Its end is written over this, in place: on a disk that is full by then there is no other room.
printf '%80s\n' '' >exit

# The program gets the group's signals as we do. We only wait for it, and then write down its end.
# A subshell starts with the default traps again, so each says it for itself.
trap : INT TERM HUP

# Dash lets children of "&" ignore SIGINT; the programs install handlers of their own.
run_and_write_down() {
  trap : INT TERM HUP
  [ -p alive ] || mkfifo alive
  command exec 7<>alive
  "$@" </dev/null 2>&1 >/dev/null &
  pid=$!
  read -r stat <"/proc/$pid/stat"
  # The name in the second field may hold blanks and brackets: count from the last ")".
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  # Not by rename: a fork for `mv` is a tenth of what a takeover may take.
  echo "$run $pid ${20} $$" >pid
  while :; do
    wait "$pid"
    code=$?
    # A signal to us ends "wait" early; a process that is gone, or was waited for, ends the loop.
    kill -0 "$pid" 2>/dev/null || break
    # A host that goes down signals once, and ffmpeg waits for a silent input until the second time.
    (
      exec 7>&- 9>&- >/dev/null 2>&1
      sleep 2
      kill -0 "$$" && kill -TERM "$pid"
    ) &
  done
  echo "$run $code" 1<>exit
}

# `tail` and `sed` let go of the lock: what they still write must not look like a living encoder.
run_and_write_down "$@" | (
  trap '' INT TERM HUP
  exec 9>&-
  sed -e "$hide" -e 's#://[^/@ ]*@#://[login]@#g' | tail -c 8192 >words
)

read -r ended _ <exit 2>/dev/null
[ "$ended" = "$run" ] && exit 0
echo "$run unknown" 1<>exit
