#!/bin/sh
# Puts the pinned LibTorch (from PyPI's torch wheel) into a private folder and prints that folder's path on stdout.
# An own LibTorch is taken when ROLORA_LIBTORCH points at a folder with include/ and lib/. ROLORA_DEPS moves the private folder.
# With --cuda the wheel's CUDA libraries come too (about 3 GB), for running on a GPU.
set -eu
version=2.11.0
if [ -n "${ROLORA_LIBTORCH:-}" ]; then
  [ -f "$ROLORA_LIBTORCH/lib/libtorch_cpu.so" ] ||
    { echo "error: ROLORA_LIBTORCH=$ROLORA_LIBTORCH: lib/libtorch_cpu.so: expected a LibTorch folder, found none" >&2; exit 1; }
  echo "$ROLORA_LIBTORCH"
  exit 0
fi
deps=${ROLORA_DEPS:-${XDG_CACHE_HOME:-$HOME/.cache}/rolora-workbench}
home=$deps/libtorch-$version
with_cuda=no
[ "${1:-}" != --cuda ] || with_cuda=yes

platforms="--platform manylinux2014_x86_64"
for minor in 17 18 19 20 21 22 23 24 25 26 27 28; do platforms="$platforms --platform manylinux_2_${minor}_x86_64"; done

download() { # FOLDER FLAG REQUIREMENT...
  to=$1; shift
  # shellcheck disable=SC2086
  python3 -m pip download --quiet --disable-pip-version-check --only-binary=:all: --python-version 3.11 --implementation cp \
    --abi cp311 --abi none --abi abi3 $platforms --dest "$to" "$@" >&2
}

if [ ! -f "$home/COMPLETE" ]; then
  echo "LibTorch $version: downloading (about 530 MB) into $home" >&2
  mkdir -p "$deps"
  work=$(mktemp -d "$deps/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT INT TERM
  download "$work/wheels" --no-deps "torch==$version" "nvidia-cuda-runtime==13.0.*" "nvidia-cuda-cupti==13.0.*"
  echo "LibTorch $version: unpacking" >&2
  mkdir "$work/unpacked"
  unzip -q "$work"/wheels/torch-*.whl 'torch/lib/*' 'torch/include/*' 'torch-*' -d "$work/unpacked"
  for wheel in "$work"/wheels/nvidia_*.whl; do unzip -q -o "$wheel" -d "$work/unpacked"; done
  rm -rf "$work/wheels" "$home"
  touch "$work/unpacked/COMPLETE"
  mv "$work/unpacked" "$home"
fi
if [ $with_cuda = yes ] && [ ! -f "$home/CUDA_COMPLETE" ]; then
  echo "LibTorch $version: downloading its CUDA libraries (about 3 GB)" >&2
  work=$(mktemp -d "$deps/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT INT TERM
  # What the wheel itself requires of NVIDIA, with the versions that it pins.
  sed -n 's/^Requires-Dist: \(\(cuda-toolkit\|nvidia-[a-z0-9-]*\)\(\[[a-z,]*\]\)\{0,1\}==[0-9.]*\);.*Linux.*/\1/p' "$home"/torch-*.dist-info/METADATA \
    > "$work/requirements"
  # shellcheck disable=SC2046
  download "$work/wheels" $(cat "$work/requirements")
  for wheel in "$work"/wheels/*.whl; do unzip -q -o "$wheel" -d "$home"; done
  touch "$home/CUDA_COMPLETE"
fi
echo "$home/torch"
