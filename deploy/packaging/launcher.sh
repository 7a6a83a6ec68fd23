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
exec "$lib/node" @NODE_FLAGS@"$lib/@PROGRAM@" @WORDS@"$@"
