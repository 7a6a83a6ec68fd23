#!/bin/sh
# Starts sluice, or what it does under another name, on the Node it was packed with, wherever this tree was put and through whatever links it is called.
case $0 in
  */*) self=$0 ;;
  *) self=./$0 ;;
esac
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=${self%/*}/$link ;;
  esac
done
here=$(CDPATH='' cd -- "${self%/*}/" && pwd -P) || exit 127
lib=${here%/*}/lib/sluice
if [ ! -x "$lib/node" ]; then
  echo "sluice: $lib/node is missing; install the package again" >&2
  exit 127
fi
# What glibc's malloc has given back it is to give back to the system, too: a daemon holds some 10 MB less for it.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX-1}" MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_-131072}" MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_-131072}"
exec "$lib/node" @NODE_FLAGS@"$lib/@PROGRAM@" @WORDS@"$@"
