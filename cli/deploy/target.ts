import { nearest } from "../../runtime/client/targets/nearest.ts";
import { loadDeployments } from "../../runtime/client/config/load.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { warn } from "../render/say.ts";

/** The hooks of a `deploy` block, under PM2's names. */
const hookNames = [
  "pre-setup",
  "post-setup",
  "pre-deploy-local",
  "pre-deploy",
  "post-deploy",
] as const;

export type HookName = (typeof hookNames)[number];

/** One environment of a `deploy` block: where its code goes, and what is run there. */
export interface DeployTarget {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly user: string | undefined;
  readonly port: string | undefined;
  /** The private key's file. */
  readonly key: string | undefined;
  /** Options of ssh(1), each as `-o` takes it. */
  readonly sshOptions: readonly string[];
  readonly ref: string;
  readonly repo: string;
  /** Absolute, below the remote user's folder (`~/app`), or relative to it. */
  readonly path: string;
  /** Whether the hosts keep only the newest commits: `fetch: "fast"`. */
  readonly isShallow: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly hooks: Readonly<Partial<Record<HookName, string>>>;
}

const known = [
  "user",
  "host",
  "port",
  "key",
  "ssh_options",
  "ref",
  "repo",
  "path",
  "fetch",
  "env",
  ...hookNames,
];

/**
 * Reads one environment of a file's `deploy` block. Nothing of it can be taken for a flag of ssh or git.
 * @throws `ERR_CONFIG_UNREADABLE`, `ERR_CONFIG_INVALID`, `ERR_USAGE` for an environment that the file has not
 */
export async function readTarget(file: string, name: string): Promise<DeployTarget> {
  const all = await loadDeployments(file);
  const names = Object.keys(all);
  const block = Object.hasOwn(all, name) ? all[name] : undefined;
  if (block === undefined) {
    throw xmError("ERR_USAGE", {
      what: `${name} environment is not defined in ${file}`,
      fix:
        names.length === 0
          ? "add a `deploy` block: docs/how-to/deploy.md"
          : `it has ${names.join(", ")}`,
    });
  }
  return targetOf(block, { file, name });
}

function targetOf(block: unknown, { file, name }: { file: string; name: string }): DeployTarget {
  const faults: string[] = [];
  const place = `deploy.${name}`;
  const fault = (field: string, what: string): void =>
    void faults.push(`${place}.${field}: ${what}`);
  if (!isObject(block)) {
    throw xmError("ERR_CONFIG_INVALID", { file, faults: [`${place}: expected an object`] });
  }
  for (const field of Object.keys(block)) {
    const near = known.includes(field) ? undefined : nearest(field, known);
    if (near !== undefined) warn(`${place}.${field} is not used; did you mean "${near}"?`);
  }
  const word = (field: string): string | undefined => {
    const value = block[field];
    if (value === undefined || value === null || value === "") return undefined;
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text === "string" && isWord(text)) return text;
    fault(field, `expected a text that does not begin with "-", got ${JSON.stringify(value)}`);
    return undefined;
  };
  const words = (field: string): string[] =>
    [block[field] ?? []].flat().filter((value): value is string => {
      const isFine = typeof value === "string" && isWord(value);
      if (!isFine)
        fault(field, `expected texts that do not begin with "-", got ${JSON.stringify(value)}`);
      return isFine;
    });
  const needed = (field: string): string => {
    const value = word(field);
    if (value === undefined && block[field] === undefined) fault(field, "it is missing");
    return value ?? "";
  };
  const hosts = words("host");
  if (hosts.length === 0 && faults.length === 0) fault("host", "it is missing");
  for (const address of [...hosts, word("user") ?? ""])
    if (/\s/.test(address)) fault("host", `"${address}" contains a space`);
  const port = word("port");
  if (port !== undefined && !/^\d{1,5}$/.test(port))
    fault("port", `expected a number, got "${port}"`);
  const target = {
    name,
    hosts: [...new Set(hosts)],
    user: word("user"),
    port,
    key: word("key"),
    sshOptions: words("ssh_options"),
    ref: word("ref") ?? "origin/master",
    repo: needed("repo"),
    path: needed("path"),
    isShallow: block["fetch"] === "fast",
    env: envOf(block["env"], (what) => fault("env", what)),
    hooks: hooksOf(block, fault),
  };
  if (faults.length > 0) throw xmError("ERR_CONFIG_INVALID", { file, faults });
  return target;
}

/** What can be an argument: no flag, one line, no NUL. */
export function isWord(text: string): boolean {
  return /^[^-\0\r\n][^\0\r\n]*$/.test(text);
}

function envOf(value: unknown, fault: (what: string) => void): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) {
    fault(`expected an object, got ${JSON.stringify(value)}`);
    return {};
  }
  const entries = Object.entries(value).filter(([, each]) => each !== null && each !== undefined);
  for (const [name] of entries)
    if (!/^[A-Za-z_]\w*$/.test(name)) fault(`"${name}" is not a valid variable name`);
  return Object.fromEntries(
    entries.map(([name, each]) => [name, typeof each === "string" ? each : JSON.stringify(each)]),
  );
}

/** A list is its commands one after the other, for as long as they succeed. */
function hooksOf(
  block: Record<string, unknown>,
  fault: (field: string, what: string) => void,
): DeployTarget["hooks"] {
  return Object.fromEntries(
    hookNames.flatMap((name) => {
      const value = block[name];
      if (value === undefined || value === null || value === "") return [];
      const commands: unknown[] = [value].flat();
      if (commands.every((each) => typeof each === "string" && !each.includes("\0")))
        return [[name, commands.filter((each) => each !== "").join(" && ")]];
      fault(name, `expected a command, got ${JSON.stringify(value)}`);
      return [];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
