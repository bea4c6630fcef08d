import { existsSync, readFileSync } from "node:fs";
import type { Confinement } from "../../machines/spec.ts";

/*
 * A mount namespace of an app's own, by unshare(1) and mount(8). Root makes it with its rights, which setpriv(1) drops
 * afterwards. Anybody else makes a user namespace first and has its capabilities in it until the mounts are made; there
 * only the own user and group exist. The shell between them becomes the app: the pid stays.
 */

/** Folders that `private_tmp` replaces. */
const temporary = ["/tmp", "/var/tmp"];

export interface MountTools {
  readonly unshare: string;
  readonly mount: string;
  readonly setpriv: string;
}

/** The mounts an app wants; `undefined` when it wants none. */
export function wantsMounts({ privateTmp, readOnlyPaths }: Confinement): boolean {
  return privateTmp === true || readOnlyPaths !== undefined;
}

/** Why no user namespace can be made here; `undefined` where nothing is known against it. */
export function userNamespaceFault(): string | undefined {
  if (!existsSync("/proc/self/ns/user")) return "this kernel has no user namespaces";
  if (numberIn("/proc/sys/user/max_user_namespaces") === 0)
    return "user namespaces are disabled (user.max_user_namespaces is 0)";
  if (numberIn("/proc/sys/kernel/unprivileged_userns_clone") === 0)
    return "user namespaces are reserved to root (kernel.unprivileged_userns_clone is 0)";
  if (numberIn("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === 1)
    return "AppArmor restricts user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)";
  return undefined;
}

/**
 * The words in front of a program.
 * @param kept folders that the program needs, such as the home: they stay where they are below a private `/tmp`.
 */
export function mountWords(
  { privateTmp, readOnlyPaths = [] }: Confinement,
  { tools, isRoot, kept }: { tools: MountTools; isRoot: boolean; kept: readonly string[] },
): string[] {
  const hidden = privateTmp === true ? temporary : [];
  const below = kept.filter((path) => hidden.some((folder) => path.startsWith(`${folder}/`)));
  return [
    tools.unshare,
    ...(isRoot ? [] : ["--user", "--map-current-user", "--keep-caps"]),
    "--mount",
    "--",
    "/bin/sh",
    "-c",
    script,
    "xm",
    tools.mount,
    isRoot ? "" : tools.setpriv,
    String(hidden.length),
    ...hidden,
    String(below.length),
    ...below,
    String(readOnlyPaths.length),
    ...readOnlyPaths,
  ];
}

/**
 * Its words: mount(8), setpriv(1) or nothing, and three lists, each behind its length. From the old `/tmp`, which is its working
 * folder then, it puts what is kept below the new one. A bind in a user namespace has to keep the flags of what it shows.
 */
const script = `set -u
fail() { echo "$1" >&2; exit 78; }
here=$(pwd -P)
mount=$1; drop=$2; hidden=$3; shift 3
folders=
while [ "$hidden" -gt 0 ]; do folders="$folders $1"; shift; hidden=$((hidden - 1)); done
count=$1; shift
for folder in $folders; do
  [ -d "$folder" ] || continue
  cd "$folder" || fail "private_tmp: cannot enter $folder"
  "$mount" -n -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$folder" || fail "private_tmp: a new $folder cannot be mounted"
  left=$count
  for path in "$@"; do
    [ "$left" -gt 0 ] || break
    left=$((left - 1))
    case $path in
      "$folder"/*)
        [ -e ".\${path#"$folder"}" ] || continue
        mkdir -p "$path" && "$mount" -n -c --bind ".\${path#"$folder"}" "$path" || fail "private_tmp: $path cannot be kept"
        ;;
    esac
  done
done
shift "$count"
count=$1; shift
while [ "$count" -gt 0 ]; do
  "$mount" -n --bind "$1" "$1" || fail "read_only_paths: $1 cannot be mounted"
  "$mount" -n -o remount,bind,ro "$1" 2>/dev/null ||
    "$mount" -n -o remount,bind,ro,nosuid,nodev "$1" 2>/dev/null ||
    "$mount" -n -o remount,bind,ro,nosuid,nodev,noexec "$1" || fail "read_only_paths: $1 cannot be made read-only"
  shift; count=$((count - 1))
done
cd "$here" || fail "private_tmp: $here is not there any more"
[ -z "$drop" ] || exec "$drop" --ambient-caps=-all --inh-caps=-all --bounding-set=-all -- "$@"
exec "$@"
`;

function numberIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "latin1"));
  } catch {
    // Not a kernel that has it.
    return undefined;
  }
}
