#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Drives the real window through the whole story on the bundled model, by keyboard on a virtual display, and saves the pictures that
# README shows:
#   packaging/gallery.sh              computes the story in the window and looks at it: some minutes
#   packaging/gallery.sh --run RUN    looks at a finished run of the story instead of computing one: about a minute
# Other options: --bin DIR (the built programs; default build/release/bin), --out DIR (default resources/pictures/gallery),
# --all (saves the pictures of every step, also those that README does not show).
# After each step the window's title, the run's files and the picture must say that it was done; else one line names the step.
# The user's own settings, home and runs are not touched. No window manager is needed: the script gives the focus itself.
set -euo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
# shellcheck source=packaging/drive-window.sh
. "$here/packaging/drive-window.sh"
bin=$here/build/release/bin out=$here/resources/pictures/gallery run="" all=no step="the first window"
patience=2400  # seconds for the story: five minutes on two free cores

while [ $# -gt 0 ]; do
  case $1 in
    --run) run=${2:?--run needs a folder}; shift ;;
    --bin) bin=${2:?--bin needs a folder}; shift ;;
    --out) out=${2:?--out needs a folder}; shift ;;
    --all) all=yes ;;
    -h | --help) sed -n '3,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) refuse "$1: expected an option (see --help), found none" 2 ;;
  esac
  shift
done
need Xvfb:xvfb xdotool:xdotool import:imagemagick convert:imagemagick compare:imagemagick pgrep:procps
for program in rolora rolora-workbench; do
  [ -x "$bin/$program" ] || refuse "$bin/$program: expected the built program, found none (packaging/quickstart.sh --build-only)"
done
[ -z "$run" ] || grep -qs '"state": "finished"' "$run/run.json" || refuse "$run: expected a finished run, found none"
bin=$(cd "$bin" && pwd)
mkdir -p "$out"

work=$(mktemp -d "${TMPDIR:-/tmp}/rolora-gallery.XXXX")
clean() {
  local worker
  worker=$(sed -n 's/.*"process":\([0-9]*\).*/\1/p' "$work/runs/story/events.jsonl" 2> /dev/null | tail -n 1)
  # A job outlives its window: its worker is ended by its id, as long as that is still the process that works here.
  if [ -n "$worker" ] && grep -qs -- "$work" "/proc/$worker/cmdline"; then
    kill "$worker" || true
    for _ in {1..100}; do [ ! -e "/proc/$worker" ] || sleep 0.1; done  # it saves first
  fi
  end_window
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM
mkdir "$work/runs"
ln -s "$here/resources" "$work/resources"  # so that pictures show no path of this machine
export ROLORA_RESOURCES=$work/resources
name=story
if [ -n "$run" ]; then name=$(basename "$run") && ln -s "$(cd "$run" && pwd)" "$work/runs/$name"; fi
run=$work/runs/$name
holds() { grep -qs -- "$2" "$run/$1"; }
has_ended() {
  if holds run.json '"state": "\(failed\|stopped\)"'; then fail "a finished job"; fi
  holds run.json '"state": "finished"'
}

open_window --runs "$work/runs"
look start
step="the bundled model" && open_folder "$work/resources/bundled"
within 30 "a worker that checks the recipe" at_work ''
within 90 "its answer" is_idle
look recipe
if [ ! -f "$run/run.json" ]; then
  step="start" && palette "recipe start"
  within 120 "the run's folder" test -f "$run/run.json"
  press alt+4
  look job live
  step="training" && within $patience "a training at work" holds events.jsonl '"station":"lora-rotated","step":60,'
  palette "jobs open run"
  within 30 "the run's name in the title" is_titled "$name — RoLoRA Workbench"
  look opened  # its overview comes up by itself: only then another page is asked for
  press ctrl+5
  look training live
  step="the story" && within $patience "a finished run" has_ended
  look finished
  palette "jobs open run"
else
  step="the run" && open_folder "$run"
fi
within 30 "the run's name in the title" is_titled "$name — RoLoRA Workbench"
press ctrl+1 alt+3
look before-after
step="magnitude" && press ctrl+2 && look heat-map
step="3-D surface" && press alt+d && look surface
step="distribution" && press ctrl+3 && look distribution
step="layer profile" && press ctrl+4 && look profile
step="dark theme" && palette "dark theme" && look dark
step="light theme" && palette "light theme" && look light
step="errors" && press alt+h Down && look errors
step="training curves" && press ctrl+5 && look curves
step="outliers" && press ctrl+1 alt+3 Down Return && look outliers
step="figure" && press ctrl+3 ctrl+e
within 20 "the figure dialog" is_shown '^Figure'
look figure "" "$(id_of '^Figure')"
xdotool windowfocus --sync "$(id_of '^Figure')" key Escape
within 20 "the figure dialog to close" is_gone '^Figure'

step="prompt" && press ctrl+2 alt+6  # its models are those whose states are looked at
write "And it came to pass in those days, that"
press ctrl+Return
within 60 "the second model at work" at_work 'generate.*/rotated-0/model'
within 300 "both models' ends" is_idle
within 30 "the text's values in the views" is_not_titled "$name — RoLoRA Workbench"
look prompt
