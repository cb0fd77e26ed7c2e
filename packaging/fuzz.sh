#!/bin/sh
# Builds the fuzz entries (clang's libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer) and runs each, two at a time; fails when
# one finds something, and says where the input that does it lies.
#   packaging/fuzz.sh [--seconds 60] [--within SECONDS] [--build DIR] [NAME...]
# --seconds: of each entry. --within: all of it, the build included, in this time: then it is built without optimisation, which takes half
# as long, and an entry gets what is left for it, 10 seconds at least and --seconds at most. NAME: only these entries (tests/fuzz/NAME_fuzz.cpp). What they learn is kept in DIR/corpus (default
# build/fuzz) and goes on from there the next time.
set -eu
cd "$(dirname "$0")/.."
seconds=60; within=""; build=build/fuzz; names=""; seed=""
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --within) within=${2:?--within needs a number}; shift ;;
    --build) build=${2:?--build needs a folder}; shift ;;
    -h|--help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "error: $1: expected an option of fuzz.sh (see --help), found none" >&2; exit 2 ;;
    *) names="$names $1" ;;
  esac
  shift
done
for name in $names; do
  [ -f "tests/fuzz/${name}_fuzz.cpp" ] || { echo "error: $name: expected an entry (tests/fuzz/NAME_fuzz.cpp), found none" >&2; exit 2; }
done
began=$(date +%s)
command -v clang++ >/dev/null || { echo "error: clang++: expected on PATH (packaging/install-packages.sh --fuzz installs it), found none" >&2; exit 1; }
libtorch=$(packaging/fetch-libtorch.sh)
mkdir -p "$build"
build=$(cd "$build" && pwd)
optimise=1; [ -z "$within" ] || { optimise=0; seed=-seed=1; }  # bounded runs repeat, others look elsewhere each time
cmake --preset fuzz -B "$build" -DROLORA_LIBTORCH="$libtorch" -DROLORA_FUZZ_OPTIMISE=$optimise > "$build/configure.log" 2>&1 || { cat "$build/configure.log" >&2; exit 1; }
cmake --build "$build" --parallel "$(nproc)"
python3 tests/fuzz/make_seeds.py "$build/seeds"
[ -n "$names" ] || names=$(for f in tests/fuzz/*_fuzz.cpp; do basename "$f" _fuzz.cpp; done)
# shellcheck disable=SC2086
set -- $names
echo "$# entries built after $(( $(date +%s) - began )) s"
if [ -n "$within" ]; then
  left=$(( (within - $(date +%s) + began) / (($# + 1) / 2) ))
  [ "$left" -ge 10 ] || left=10
  [ "$left" -ge "$seconds" ] || seconds=$left
fi

# One entry: its corpus, its dictionary, its bounds of memory (MiB) and of time for one input (seconds, on a machine that is busy).
run_one() {
  name=$1
  mkdir -p "$build/corpus/$name" "$build/findings"
  dictionary=""
  [ ! -s "$build/seeds/$name.dict" ] || dictionary=-dict=$build/seeds/$name.dict
  # shellcheck disable=SC2086
  if "$build/bin/fuzz_$name" $dictionary $seed -max_total_time="$seconds" -rss_limit_mb=1536 -malloc_limit_mb=1024 -timeout=25 \
      -print_final_stats=1 -artifact_prefix="$build/findings/$name-" "$build/corpus/$name" "$build/seeds/$name" > "$build/$name.log" 2>&1; then
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log") inputs in $seconds s, nothing found"
  else
    tail -n 60 "$build/$name.log" >&2
    echo "error: fuzz_$name: expected only typed errors within the bounds, found the above; its input: $(ls -t "$build/findings/$name-"* | head -n 1)" >&2
    touch "$build/failed"
  fi
}
rm -f "$build/failed"
while [ $# -gt 0 ]; do
  run_one "$1" &
  if [ $# -gt 1 ]; then run_one "$2" & shift; fi
  shift
  wait
done
[ ! -e "$build/failed" ]
