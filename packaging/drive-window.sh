# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Functions for a script that uses the window as a person does: keys in, pictures out, and a question after each step. gallery.sh
# takes them in and sets bin, out, all, here, work and step (what fails is named by it).
# shellcheck disable=SC2154
least=4000  # pixels that a step must change: more than a caret or a clock does

refuse() { echo "error: ${0##*/}: $1" >&2; exit "${2:-1}"; }
fail() { refuse "$step: expected $1, found none"; }

need() {  # TOOL:PACKAGE…: one line with all that is missing; nothing is installed
  local pair missing="" packages=""
  for pair; do
    command -v "${pair%:*}" > /dev/null && continue
    missing+=" ${pair%:*}"
    [[ "$packages " == *" ${pair#*:} "* ]] || packages+=" ${pair#*:}"
  done
  [ -z "$missing" ] || refuse "expected the tools$missing, found none (Debian packages:$packages)"
}

within() {  # SECONDS WHAT COMMAND…: asks until it is so
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ -z "${window:-}" ] || kill -0 "$window" 2> /dev/null || refuse "$step: the window ended: $(tail -n 1 "$work/window.log")"
    [ $SECONDS -lt $end ] || fail "$what"
    sleep 0.2
  done
}

# A temporary home, a free display, and on it the window; all of it ends with the script.
open_window() {  # OPTION…
  Xvfb -displayfd 3 -screen 0 1600x1000x24 -dpi 96 -nolisten tcp 3> "$work/display" 2> "$work/screen.log" &
  screen=$!
  within 20 "a virtual display" test -s "$work/display"
  DISPLAY=:$(cat "$work/display")
  mkdir -m 700 "$work/home"
  export DISPLAY HOME=$work/home XDG_CONFIG_HOME=$work/home XDG_RUNTIME_DIR=$work/home LC_ALL=C.UTF-8 QT_QPA_PLATFORM=xcb
  unset WAYLAND_DISPLAY QT_SCALE_FACTOR QT_STYLE_OVERRIDE QT_QPA_PLATFORMTHEME
  xdotool mousemove 1599 999  # hovering nothing
  import -window root "$work/before.png"
  "$bin/rolora-workbench" --settings "$work/settings" --size 1600x1000 --theme light "$@" > "$work/window.log" 2>&1 &
  window=$!
  within 30 "the window" is_shown '^RoLoRA Workbench$'
  main=$(id_of '^RoLoRA Workbench$')
}
end_window() {
  local pid
  for pid in ${window:-} ${screen:-}; do
    kill "$pid" 2> /dev/null || true
    wait "$pid" 2> /dev/null || true
  done
}

id_of() { xdotool search --onlyvisible --name "$1" 2> /dev/null | head -n 1; }
is_shown() { [ -n "$(id_of "$1")" ]; }
is_gone() { ! is_shown "$1"; }
is_titled() { [ "$(xdotool getwindowname "$main")" = "$1" ]; }
is_not_titled() { ! is_titled "$1"; }
at_work() { pgrep -P "$window" -a | grep -q -- "$1"; }  # a worker of the window's
is_idle() { ! at_work ''; }
apart() { local n; n=$(compare -metric AE "$1" "$2" null: 2>&1) || true; printf '%.0f' "$n"; }
is_other() { import -window root "$work/now.png"; [ "$(apart "$work/before.png" "$work/now.png")" -ge $least ]; }
is_calm() { mv "$work/now.png" "$work/then.png"; import -window root "$work/now.png"; [ "$(apart "$work/then.png" "$work/now.png")" -lt 300 ]; }

press() { xdotool windowfocus --sync "$main" key --clearmodifiers "$@"; }
write() { xdotool type --delay 8 -- "$1"; }
palette() { press ctrl+shift+p; write "$1"; xdotool key Return; }
open_folder() {
  press ctrl+o
  within 20 "the dialog that asks for a folder" is_shown '^Open a model'
  xdotool windowfocus --sync "$(id_of '^Open a model')"
  write "$1"
  xdotool key Return
  within 20 "its dialog to close" is_gone '^Open a model'
}
look() {  # NAME [live] [WINDOW]: the picture must differ from the one before and, unless it is live, come to rest
  within 30 "a picture unlike the one before" is_other
  [ "${2:-}" = live ] || within 30 "a picture that comes to rest" is_calm
  cp "$work/now.png" "$work/before.png"
  [ -z "${3:-}" ] || import -window "$3" "$work/now.png"
  if [ "$all" = yes ] || grep -qs "gallery/$1.png" "$here/README.md"; then
    convert "$work/now.png" -strip +dither -colors 256 -define png:compression-level=9 "$out/$1.png"
    echo "$step → $out/$1.png"
  fi
}
