import type { Confinement } from "../../machines/spec.ts";

/*
 * Node's permission model. Its flags have another name in Node 24 than in Node 20, and from 25 on the network is denied
 * as well unless it is allowed, which is not what `node_permissions` is about.
 */

/** What a Node app may do. */
export type NodePermissions = NonNullable<Confinement["nodePermissions"]>;

/** The first version that has permissions. */
const oldestMajor = 20;

/** What switches the model on. @returns `undefined` for a Node that has none. */
export function switchFor(version: string): string[] | undefined {
  const major = Number(/^v?(\d+)\./.exec(version)?.[1] ?? 0);
  if (major < oldestMajor) return undefined;
  if (major < 23) return ["--experimental-permission"];
  return major < 25 ? ["--permission"] : ["--permission", "--allow-net"];
}

/** What is allowed, beside the switch. */
export function permissionFlags({
  read,
  write,
  childProcess,
  worker,
  addons,
  wasi,
}: NodePermissions): string[] {
  return [
    ...read.map((path) => `--allow-fs-read=${path}`),
    ...write.map((path) => `--allow-fs-write=${path}`),
    ...(childProcess ? ["--allow-child-process"] : []),
    ...(worker ? ["--allow-worker"] : []),
    ...(addons ? ["--allow-addons"] : []),
    ...(wasi ? ["--allow-wasi"] : []),
  ];
}

/**
 * A shell that becomes Node: `sh -c TEXT xm NODE FLAGS…`. The version is asked of the program that is started, as its user; an
 * upgrade in place takes effect at the next start.
 */
export const permittedNode = `node=$1
shift
version=$(NODE_OPTIONS= "$node" --version 2>&1)
case $version in
  v2[0-2].*) exec "$node" --experimental-permission "$@" ;;
  v2[34].*) exec "$node" --permission "$@" ;;
  v2[5-9].* | v[3-9][0-9].*) exec "$node" --permission --allow-net "$@" ;;
esac
echo "node_permissions: $node is no Node 20 or newer (its version: $version)" >&2
exit 78
`;
