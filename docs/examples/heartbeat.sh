#!/bin/bash
# A program that is not Node: writes a line every so many seconds (default 10).
trap 'echo "stopping"; exit 0' INT TERM
while true; do
  echo "alive at $(date +%T)"
  sleep "${1:-10}" &
  wait $!
done
