# The first process of a container. Node cannot be one: it waits for its own children only, and every orphan of an app
# would stay a zombie. A shell waits for whatever it is given, passes signals on, and starts the daemon again when it
# has died without having decided to end; the daemon then finds its apps running. Posix, and no program but Node.
# shellcheck disable=SC2064,SC2097,SC2098 # each trap has its signal; the old NODE_OPTIONS is meant
if [ "${1-}" = --exec ]; then
  shift
  case ${1-} in
    '') echo 'xm-runtime: --exec needs a command, such as `xm-runtime --exec node server.js`' >&2; exit 1 ;;
    -*) echo "xm-runtime: --exec takes no other flags of xm-runtime, got $1" >&2; exit 1 ;;
    *.js | *.cjs | *.mjs) exec node "$@" ;;
  esac
  exec "$@"
fi
child='' decided='' ending='' came='' life=0
pass() {
  came=1
  case $1 in INT | QUIT | TERM) ending=$1 ;; esac
  [ -z "$child" ] || kill -s "$1" "$child" 2> /dev/null
}
for signal in HUP INT QUIT TERM USR1 USR2; do trap "pass $signal" "$signal"; done
# By this the daemon says that the exit code is its decision.
trap 'came=1 decided=1' VTALRM
while :; do
  # What the container wants of Node is for its apps.
  XM_RUNTIME_SHELL=$$ XM_RUNTIME_LIFE=$life XM_RUNTIME_NAME=${0##*[/]} XM_RUNTIME_NODE_OPTIONS=${NODE_OPTIONS-} \
    NODE_OPTIONS='' node --max-semi-space-size=1 "$0" "$@" <&0 &
  child=$!
  # A signal that came before there was anybody to pass it on to.
  [ -z "$ending" ] || kill -s "$ending" "$child" 2> /dev/null
  before=0
  while :; do
    came=''
    wait "$child"
    code=$?
    [ -n "$came" ] || break
    before=$code
  done
  # The child had been waited for when the signal came.
  [ "$code" != 127 ] || [ "$before" = 0 ] || code=$before
  if [ -n "$decided" ] || [ -n "$ending" ] || [ "$life" -ge 5 ]; then exit "$code"; fi
  life=$((life + 1))
  echo "xm-runtime: the daemon ended unexpectedly (code $code); starting it again, the apps run on" >&2
done
