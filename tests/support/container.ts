import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../runtime/client/connection/client.ts";
import type { Client } from "../../runtime/client/connection/types.ts";
import { until } from "./condition.ts";

/** The built `xm-runtime`. */
export const runtimeFile = join(import.meta.dirname, "../../dist/bin/xm-runtime.cjs");

/** Root, or a machine whose users may make namespaces, has containers without any program for them. */
const namespaces = process.getuid?.() === 0 ? ["-pfm", "--mount-proc"] : ["-Urpfm", "--mount-proc"];

/** Whether process namespaces can be made here; CI has them, and a test that needs them says so elsewhere. */
export const hasNamespaces =
  process.env["CI"] !== undefined || spawnSync("unshare", [...namespaces, "true"]).status === 0;

export interface Container {
  readonly folder: string;
  /** Of process 1, as this machine counts. */
  readonly pid: () => number;
  readonly out: () => string;
  readonly err: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Of the container, as a shell tells it; the container's end takes all its processes. */
  readonly code: Promise<number>;
  readonly client: Client;
  /** Waits until its output has a text. */
  readonly says: (text: string | RegExp) => Promise<void>;
}

export interface ContainerOptions {
  /** Files of the folder that it starts in. */
  readonly files?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Another shell than `/bin/sh`. */
  readonly shell?: string;
  /** Another build than the one here. */
  readonly program?: string;
  /** The name that `xm-runtime` is called by. */
  readonly name?: string;
  /** Runs before it, in the container, as a shell's words; `exec "$@"` continues. */
  readonly before?: string;
  readonly folder?: string;
  /** Variables besides PATH are what `env` says, and there is no HOME. */
  readonly isBare?: boolean;
}

/** Runs `xm-runtime` as the first process of a process namespace of its own. */
export function startContainer(options: ContainerOptions): Container {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "xmc-"));
  for (const [name, text] of Object.entries(options.files ?? {}))
    writeFileSync(join(folder, name), text);
  const program = join(folder, options.name ?? "xm-runtime");
  if (!existsSync(program)) symlinkSync(options.program ?? runtimeFile, program);
  const home = join(folder, "h");
  const command = [
    ...(options.shell === undefined ? [] : [options.shell]),
    program,
    ...options.args,
  ];
  const first =
    options.before === undefined ? command : ["sh", "-c", options.before, "sh", ...command];
  const bare = { PATH: process.env["PATH"], NO_COLOR: "1" };
  const env =
    options.isBare === true
      ? { ...bare, ...options.env }
      : { ...process.env, ...bare, XM_HOME: home, ...options.env };
  const child = spawn("unshare", [...namespaces, "--kill-child", ...first], { cwd: folder, env });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = new Promise<number>((resolve) => {
    child.on("close", (status) => resolve(status ?? -1));
  });
  const pid = (): number =>
    Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim());
  const saw = (): unknown => ({ out, err, log: readIfThere(join(home, "god.log")) });
  return {
    folder,
    pid,
    out: () => out,
    err: () => err,
    signal: (name) => process.kill(pid(), name),
    code,
    client: connect({ home, autostart: false }),
    says: async (text) => {
      const has = (): boolean => (typeof text === "string" ? out.includes(text) : text.test(out));
      await until(`the container's output to have ${text}`, has, { saw, withinMs: 40_000 });
    },
  };
}

/** After the container has ended. */
export function removeContainer({ folder }: Pick<Container, "folder">): void {
  rmSync(folder, { recursive: true, force: true });
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
