#!/bin/sh
# Runs one encoder process and outlives the daemon together with it.
#
#   launcher.sh <engine directory> <run id> <sed script that hides the key> <program> [arguments]
#
# Descriptor 9 carries the lock and is inherited by the program: the lock is free only when the
# program and this launcher are both gone, even if one of them was killed with -9. In the engine
# directory stand afterwards, each replaced by rename and each beginning with the run id:
#   pid    <run> <pid> <start time, field 22 of /proc/pid/stat> <process group>
#   exit   <run> <code>      128 + n = ended by signal n; "unknown" = nobody was there to see it
#   words  the last 8 KiB the program said on stderr, once it has ended
# Leaves with 74 when the directory is missing and with 75 when the lock is not to be had.

cd "$1" || exit 74
run=$2 hide=$3
shift 3
umask 077
exec 9>>lock
flock -w 2 9 || exit 75
: >words

# The program gets the group's signals as we do. We only wait for it, and then write down its end.
# A subshell starts with the default traps again, so each says it for itself.
trap : INT TERM HUP

# Dash lets children of "&" ignore SIGINT; ffmpeg installs its own handler.
run_and_write_down() {
  trap : INT TERM HUP
  "$@" </dev/null 2>&1 >/dev/null &
  pid=$!
  read -r stat <"/proc/$pid/stat"
  # The name in the second field may hold blanks and brackets: count from the last ")".
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  echo "$run $pid ${20} $$" >pid.new && mv -f pid.new pid
  while :; do
    wait "$pid"
    code=$?
    # A signal to us ends "wait" early; a process that is gone, or was waited for, ends the loop.
    kill -0 "$pid" 2>/dev/null || break
  done
  echo "$run $code" >exit.new && mv -f exit.new exit
}

# `tail` and `sed` let go of the lock: what they still write must not look like a living encoder.
run_and_write_down "$@" | (
  trap '' INT TERM HUP
  exec 9>&-
  sed -e "$hide" -e 's#://[^/@ ]*@#://[login]@#g' | tail -c 8192 >words.new
  mv -f words.new words
)

read -r ended _ <exit 2>/dev/null
[ "$ended" = "$run" ] && exit 0
echo "$run unknown" >exit.new && mv -f exit.new exit
