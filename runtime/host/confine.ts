import { existsSync, readFileSync } from "node:fs";
import type { Confinement, RlimitSpec } from "../../machines/spec.ts";
import { capabilityNames, limits as limitTable } from "../contract/fields/confinement.ts";
import { xmError } from "../contract/errors.ts";
import { mountWords, userNamespaceFault, wantsMounts } from "./mounts.ts";
import {
  asUser,
  behind,
  findTool,
  groupsOf,
  resolveIdentity,
  type Identity,
  type Program,
  type ProgramAs,
} from "./users.ts";

/*
 * Node gives a child a user and a group and nothing else. The rest is done by programs of util-linux and coreutils that each
 * become the next one by exec(2): the pid stays, and nothing of the app runs before its limits hold. Those that need rights
 * come first; setpriv(1), which gives them up, is the last. What the kernel would refuse is found out here, since the app
 * would otherwise end with the message of a program that its user has not started.
 */

/**
 * The command that runs another one as a user, under limits and with the rights that are declared.
 * @param kept folders that it finds in their place even if it has a `/tmp` of its own.
 * @param group the cgroup that it enters first of all.
 * @throws `ERR_LIMIT_DENIED` for a limit that cannot be set, with the reason.
 */
export function confined(
  confinement: Confinement | undefined,
  identity: Identity,
  program: Program,
  kept: readonly string[] = [],
  group?: string,
): ProgramAs {
  if (confinement === undefined) return asUser(identity, program);
  const tools = [
    ...cgroupWords(group),
    ...namespaceWords(confinement, kept),
    ...oomWords(confinement),
    ...niceWords(confinement),
    ...ioniceWords(confinement),
    ...limitWords(confinement),
    ...rightsWords(confinement, identity),
  ];
  return behind(tools, program);
}

/** A shell that moves itself and becomes the rest: the program is in the group before any code of its own runs. */
function cgroupWords(group: string | undefined): string[] {
  if (group === undefined) return [];
  return ["/bin/sh", "-c", 'echo 0 > "$0/cgroup.procs" || exit 78; exec "$@"', group];
}

/** Before all others: root's rights make the namespace, and nothing of the app's limits applies to the tools. */
function namespaceWords(confinement: Confinement, kept: readonly string[]): string[] {
  if (!wantsMounts(confinement)) return [];
  const field = confinement.privateTmp === true ? "private_tmp" : "read_only_paths";
  const isRoot = has("sys_admin");
  const fault = isRoot ? undefined : userNamespaceFault();
  if (fault !== undefined) throw denied(field, fault, needsRoot("sys_admin"));
  const missing = confinement.readOnlyPaths?.find((path) => !existsSync(path));
  if (missing !== undefined)
    throw denied(`read_only_paths ${missing}`, "it does not exist", "name a path that exists");
  const tools = {
    unshare: tool("unshare", field),
    mount: tool("mount", field),
    setpriv: tool("setpriv", field),
  };
  return mountWords(confinement, { tools, isRoot, kept });
}

function oomWords({ oomScoreAdjust: wanted }: Confinement): string[] {
  if (wanted === undefined) return [];
  const own = Number(readOwn("oom_score_adj"));
  if (wanted < own && !has("sys_resource"))
    throw denied(
      `oom_score_adjust ${wanted}`,
      `it is below the daemon's own ${own}`,
      needsRoot("sys_resource"),
    );
  return [tool("choom", "oom_score_adjust"), "-n", String(wanted), "--"];
}

function niceWords({ nice: wanted }: Confinement): string[] {
  if (wanted === undefined) return [];
  const own = ownNice();
  // RLIMIT_NICE: 20 less what may be reached.
  const least = 20 - (ownLimit("Max nice priority").hard ?? 40);
  if (wanted < own && wanted < least && !has("sys_nice"))
    throw denied(`nice ${wanted}`, `it is below the daemon's own ${own}`, needsRoot("sys_nice"));
  return [tool("nice", "nice"), "-n", String(wanted - own)];
}

function ioniceWords({ ionice: wanted }: Confinement): string[] {
  if (wanted === undefined) return [];
  const { class: word, level } = wanted;
  if (word === "realtime" && !has("sys_admin") && !has("sys_nice"))
    throw denied(
      "ionice realtime",
      "it can stop every other program's access",
      needsRoot("sys_nice"),
    );
  const number = { realtime: 1, "best-effort": 2, idle: 3 }[word];
  const flags = level === null ? [] : ["-n", String(level)];
  return [tool("ionice", "ionice"), "-c", String(number), ...flags];
}

/** A limit of a newer version, which a daemon before left in the state, has its own name. */
const rowOf = (name: string): string =>
  (limitTable as Readonly<Record<string, { row: string } | undefined>>)[name]?.row ?? name;

function limitWords({ limits = {} }: Confinement): string[] {
  const wanted = Object.entries(limits);
  if (wanted.length === 0) return [];
  for (const [name, { hard }] of wanted) {
    const { hard: most } = ownLimit(rowOf(name));
    const isMore = most !== null && (hard === null || hard > most);
    if (isMore && !has("sys_resource"))
      throw denied(
        `limits.${name} ${hard ?? "unlimited"}`,
        `the daemon's own hard limit is ${most}`,
        `raise that where the daemon is started (\`Limit${name.toUpperCase()}=\` in its systemd unit, \`ulimit -H\` in a shell), or run the daemon as root`,
      );
  }
  const text = (value: number | null): string => (value === null ? "unlimited" : String(value));
  const flags = wanted.map(([name, { soft, hard }]) => `--${name}=${text(soft)}:${text(hard)}`);
  return [tool("prlimit", "limits"), ...flags, "--"];
}

/** Once anything needs the daemon's rights, the user is changed here and not by Node, which would do it before. */
function rightsWords(confinement: Confinement, identity: Identity): string[] {
  const { noNewPrivileges, capabilities, groups } = confinement;
  const { uid = process.geteuid?.(), gid = process.getegid?.() } = identity;
  const changesUser = uid !== process.geteuid?.() || gid !== process.getegid?.();
  if (changesUser && !has("setuid"))
    throw denied(
      `user ${uid}`,
      "the daemon may not run anything as another user",
      needsRoot("setuid"),
    );
  const changesRights = noNewPrivileges === true || capabilities !== undefined;
  if (!changesUser && !changesRights && groups === undefined) return [];
  return [
    tool("setpriv", changesRights ? "no_new_privileges, capabilities" : "uid with limits"),
    ...(changesUser ? [`--reuid=${uid}`, `--regid=${gid}`] : []),
    ...(changesUser || groups !== undefined ? groupWords(groups, identity) : []),
    ...(capabilities === undefined ? [] : capabilityWords(capabilities)),
    ...(noNewPrivileges === true ? ["--no-new-privs"] : []),
    "--",
  ];
}

function groupWords(groups: Confinement["groups"], { uid, gid }: Identity): string[] {
  if (groups === undefined) {
    const own = uid === undefined ? [] : groupsOf(uid, gid);
    return own.length === 0 ? ["--clear-groups"] : [`--groups=${[gid, ...own].join(",")}`];
  }
  if (!has("setgid"))
    throw denied("supplementary_groups", "the daemon may not set groups", needsRoot("setgid"));
  const numbers = groups.map((group) => {
    const found = resolveIdentity(null, group);
    if (typeof found !== "string") return String(found.gid);
    throw denied(`supplementary_groups ${group}`, found, "name one of /etc/group, or a number");
  });
  return numbers.length === 0 ? ["--clear-groups"] : [`--groups=${numbers.join(",")}`];
}

function capabilityWords(wanted: readonly string[]): string[] {
  const missing = wanted.find((name) => !has(name));
  if (missing !== undefined)
    throw denied(`capability ${missing}`, "the daemon does not have it itself", needsRoot(missing));
  if (!has("setpcap"))
    throw denied("capabilities", "the daemon may not drop any", needsRoot("setpcap"));
  const words = ["-all", ...wanted.map((name) => `+${name}`)].join(",");
  return [`--bounding-set=${words}`, `--inh-caps=${words}`, `--ambient-caps=${words}`];
}

function tool(name: string, field: string): string {
  const path = findTool(name);
  if (path !== "") return path;
  throw denied(field, `${name}(1) is not installed`, "install util-linux and coreutils");
}

function denied(what: string, why: string, fix: string): Error {
  return xmError("ERR_LIMIT_DENIED", { what, why, fix });
}

/** Root of a container often lacks some. */
function needsRoot(capability: string): string {
  const name = `CAP_${capability.toUpperCase()}`;
  return process.geteuid?.() === 0
    ? `give the daemon, which is root without it, ${name}`
    : `run the daemon as root, or give it ${name}`;
}

/** Whether this process has a capability: root in a container may have few. */
function has(name: string): boolean {
  const [, bits = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readOwn("status")) ?? [];
  return (
    ((BigInt(`0x${bits}`) >> BigInt((capabilityNames as readonly string[]).indexOf(name))) & 1n) ===
    1n
  );
}

function ownLimit(row: string): RlimitSpec {
  const line = readOwn("limits")
    .split("\n")
    .find((each) => each.startsWith(row));
  const [soft, hard] = (line?.slice(row.length).trim().split(/\s+/) ?? []).map((each) =>
    /^\d+$/.test(each) ? Number(each) : null,
  );
  return { soft: soft ?? null, hard: hard ?? null };
}

/** Field 19 of proc(5)'s stat; what stands in brackets before it may hold anything. */
function ownNice(): number {
  return Number(
    readOwn("stat")
      .replace(/^.*\) /s, "")
      .split(" ")[16] ?? 0,
  );
}

function readOwn(file: string): string {
  return readFileSync(`/proc/self/${file}`, "latin1");
}
