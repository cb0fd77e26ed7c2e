#!/bin/sh
# RoLoRA Workbench in one command. On a bare Debian 12 (root or sudo, a shell and git):
#   packaging/quickstart.sh                    installs what is needed, builds, opens the window with the whole story ready to start;
#                                              without a display, or with --headless, runs it → runs/story, with figures
#   packaging/quickstart.sh --test             the same up to the build, then all tests
#   packaging/quickstart.sh --model DIR --text tuning=F --text calibration=F --text evaluation=F --text heldout=F [--out RUN]
#                                              the same story on your own checkpoint and texts
# Other options: --preset NAME (default release), --build-only, --headless, --again (repeat a story or tests that are up to date).
# ROLORA_LIBTORCH=FOLDER takes an own LibTorch; ROLORA_DEPS=FOLDER moves the private folder for the downloaded one.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
from=$(pwd)
cd "$here"
absolute() { case $1 in /*) echo "$1" ;; *) echo "$from/$1" ;; esac; }
preset=release; do=story; again=no; headless=no; model=""; out=""
set_aside=""   # --text options, newline-separated
while [ $# -gt 0 ]; do
  case $1 in
    --test) do=test ;;
    --build-only) do=build ;;
    --again) again=yes ;;
    --headless) headless=yes ;;
    --preset) preset=${2:?--preset needs a name}; shift ;;
    --model) model=$(absolute "${2:?--model needs a folder}"); shift ;;
    --out) out=$(absolute "${2:?--out needs a folder}"); shift ;;
    --text) pair=${2:?--text needs NAME=FILE}; set_aside="$set_aside${pair%%=*}=$(absolute "${pair#*=}")
"; shift ;;
    -h|--help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "error: $1: expected an option of quickstart.sh (see --help), found none" >&2; exit 2 ;;
  esac
  shift
done
say() { printf '\n== %s\n' "$*"; }
cores=$(nproc)

say "1/4 Debian packages"
packaging/install-packages.sh
say "2/4 LibTorch"
libtorch=$(packaging/fetch-libtorch.sh)
echo "LibTorch: $libtorch"
say "3/4 Build (preset $preset, $cores at a time; the first build takes some minutes, later ones seconds)"
werror=OFF; [ -z "${CI:-}" ] || werror=ON
build=build/$preset
log=$build/configure.log
mkdir -p "$build"
cmake --preset "$preset" -DROLORA_LIBTORCH="$libtorch" -DROLORA_WERROR=$werror > "$log" 2>&1 || { cat "$log" >&2; exit 1; }
grep -E '^-- (CUDA|LibTorch|Optional|optional)' "$log" || true
targets="rolora rolora-workbench"; [ $do != test ] || targets=all
# shellcheck disable=SC2086
cmake --build "$build" --parallel "$cores" --target $targets
[ $do != build ] || exit 0

if [ $do = test ]; then
  say "4/4 Tests"
  # Tests that passed for exactly these programs, inputs and references need not run again.
  stamp=$( { find "$build/bin" tests resources -type f ! -name '*.pyc' -exec sha256sum {} +; find ../shared -type f -size -4M -exec sha256sum {} + 2>/dev/null || true; } |
    sort | sha256sum | cut -d' ' -f1)
  if [ $again = no ] && [ -f "$build/tests-passed" ] && [ "$(head -n 1 "$build/tests-passed")" = "$stamp" ]; then
    sed -n '2,$p' "$build/tests-passed"
    echo "(nothing changed since these tests passed; --again runs them again)"
    exit 0
  fi
  rm -rf "$build/tests-passed" "$build/test-results"
  GTEST_OUTPUT="xml:$here/$build/test-results/" ctest --preset "$preset" --parallel "$cores" 2>&1 | tee "$build/tests.log"
  grep -q '100% tests passed' "$build/tests.log" || exit 1
  ! grep -q 'tests did not run' "$build/tests.log" || exit 1
  skips=$(packaging/examine-skips.sh "$build/test-results" ../shared) || { echo "$skips"; exit 1; }
  echo "$skips"
  { echo "$stamp"; grep -E 'tests passed|Total Test time' "$build/tests.log"; echo "$skips"; } > "$build/tests-passed"
  exit 0
fi

# With a display and nothing asked for beyond the story: the window, where a click starts it.
if [ $headless = no ] && [ $again = no ] && [ -z "$model$out$set_aside" ] && [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  say "4/4 The window (press Start; --headless runs the story here instead)"
  set -- --runs "$here/runs" --story
  [ ! -f runs/story/run.json ] || set -- --runs "$here/runs" runs/story
  exec "$build/bin/rolora-workbench" "$@"
fi

if [ -z "$out" ]; then
  if [ -z "$model" ]; then out=runs/story; else out=runs/$(basename "$model"); fi
fi
say "4/4 The story → $out"
set -- run resources/jobs/story.json --out "$out"
[ -z "$model" ] || set -- "$@" --model "$model"
rest=$set_aside
while [ -n "$rest" ]; do
  set -- "$@" --text "${rest%%
*}"
  rest=${rest#*
}
done
if [ $again = yes ]; then set -- "$@" --force; elif [ -d "$out" ]; then set -- "$@" --resume; fi
"$build/bin/rolora" "$@" || {
  status=$?
  [ $status != 1 ] || echo "(if this job or its inputs changed since $out was written: --again replaces it)" >&2
  exit $status
}
if [ ! -d "$out/figures" ] || [ -n "$(find "$out/stations" -name DONE -newer "$out/figures")" ]; then
  say "Figures → $out/figures"
  "$build/bin/rolora" figures "$out" --out "$out/figures" --force
fi
echo
echo "Figures are in $out/figures. Read $out/report.html; tables are in $out/tables, statistics and checkpoints in $out/stations."
