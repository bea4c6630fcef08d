import type { AppSpec, CgroupSpec, Confinement } from "../../../machines/spec.ts";
import { commandInFront, isNode } from "../../host/node-program.ts";
import type { ReadPermissions } from "./_confinement.ts";
import { absolute } from "./values.ts";

function permissionsOf(app: Readonly<Record<string, unknown>>, cwd: string) {
  const read = app["node_permissions"] as ReadPermissions | undefined;
  if (read === undefined) return undefined;
  // Node takes what does not exist yet for a file: a slash at the end makes it a folder with all that will be in it.
  const full = (path: string): string[] => {
    if (path === "*") return [path];
    const own = absolute(path, cwd);
    return /[^/]\/$/.test(path) ? [own, `${own}/*`] : [own];
  };
  const all = (paths: readonly string[] | true | undefined): string[] | undefined =>
    paths === true ? ["*"] : paths?.flatMap(full);
  const { child_process: childProcess, worker, addons, wasi } = read;
  return {
    read: all(read.fs_read) ?? [cwd],
    write: all(read.fs_write) ?? [],
    childProcess,
    worker,
    addons,
    wasi,
  };
}

function cgroupOf(app: Readonly<Record<string, unknown>>): CgroupSpec | undefined {
  const said = {
    memoryMax: app["memory_max"],
    memoryHigh: app["memory_high"],
    swapMax: app["swap_max"],
    cpuMax: app["cpu_max"],
    cpuWeight: app["cpu_weight"],
    ioWeight: app["io_weight"],
    pidsMax: app["pids_max"],
    oomGroup: app["oom_group"] === true ? true : undefined,
  };
  const given = Object.entries(said).filter(([, value]) => value !== undefined);
  return given.length === 0 && app["cgroup"] !== true ? undefined : Object.fromEntries(given);
}

/** An app's limits and rights; nothing if it declares none. */
export function confinementOf(
  app: Readonly<Record<string, unknown>>,
  cwd: string,
): Pick<AppSpec, "confinement"> | object {
  const said = {
    limits: app["limits"],
    nice: app["nice"],
    ionice: app["ionice"],
    oomScoreAdjust: app["oom_score_adjust"],
    noNewPrivileges: app["no_new_privileges"] === true ? true : undefined,
    capabilities: app["capabilities"],
    groups: app["supplementary_groups"],
    nodePermissions: permissionsOf(app, cwd),
    privateTmp: app["private_tmp"] === true ? true : undefined,
    readOnlyPaths: (app["read_only_paths"] as string[] | undefined)?.map((each) =>
      absolute(each, cwd),
    ),
    cgroup: cgroupOf(app),
  };
  const given = Object.entries(said).filter(([, value]) => value !== undefined);
  return given.length === 0 ? {} : { confinement: Object.fromEntries(given) as Confinement };
}

/** Whatever else runs would run without them. */
export function permissionFaults(spec: AppSpec, path: string): string[] {
  if (spec.confinement?.nodePermissions === undefined) return [];
  if (!isNode(spec.interpreter))
    return [
      `${path}.node_permissions: only Node has them, and ${spec.interpreter ?? spec.script} is not Node`,
    ];
  const command = commandInFront(spec);
  return command === undefined
    ? []
    : [
        `${path}.node_permissions: ${command} starts the app as a process of its own, which would run without them; name the file of the app itself`,
      ];
}
