import { realpathSync } from "node:fs";
import { xmError } from "../../contract/errors.ts";
import { permissionFlags, permittedNode } from "../../contract/node-permissions.ts";
import { isNode } from "../../host/node-program.ts";
import type { ChildServices, Launch } from "./contract.ts";

/**
 * The flags of an app with `node_permissions`; its own script and what our preload reads and writes are allowed with it.
 * @returns `undefined` for an app without.
 * @throws `ERR_LIMIT_DENIED` for a program that is not Node: it would run without them.
 */
export function permissionsOf(
  { spec, lifeId }: Launch,
  { preload, exits }: Pick<ChildServices, "preload" | "exits">,
): string[] | undefined {
  const wanted = spec.confinement?.nodePermissions;
  if (wanted === undefined) return undefined;
  if (!isNode(spec.interpreter)) {
    throw xmError("ERR_LIMIT_DENIED", {
      what: "node_permissions",
      why: `only Node has them, and ${spec.interpreter ?? spec.script} is not Node`,
      fix: "run the app with Node, or remove the field",
    });
  }
  const read = [...new Set([...wanted.read, spec.script, realOf(spec.script), preload])];
  const own = [`${exits}/${lifeId}`, `${exits}/${lifeId}.error`];
  const all = (paths: readonly string[]): readonly string[] =>
    paths.includes("*") ? ["*"] : paths;
  return permissionFlags({
    ...wanted,
    read: all([...read, `/proc/${process.pid}/stat`]),
    write: all([...wanted.write, ...own]),
  });
}

/** The words that start it. */
export function commandLine(
  launch: Launch,
  services: Pick<ChildServices, "preload" | "exits">,
): string[] {
  const { interpreter, interpreterArgs, script, args } = launch.spec;
  if (interpreter === null) {
    permissionsOf(launch, services);
    return [script, ...args];
  }
  const flags = permissionsOf(launch, services);
  const words = [interpreter, ...(flags ?? []), ...interpreterArgs, script, ...args];
  return flags === undefined ? words : ["/bin/sh", "-c", permittedNode, "xm", ...words];
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // The start itself reports what is wrong with it.
    return path;
  }
}
