import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, constants, existsSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import type { AppSpec } from "../../../machines/spec.ts";
import { ownStream } from "../../host/log-files/open.ts";
import { readProcess } from "../../host/procfs.ts";
import { confined } from "../../host/confine.ts";
import type { Groups } from "../../host/groups/groups.ts";
import type { Identity } from "../../host/users.ts";
import { writeRecord } from "./record.ts";
import { withSocketPath } from "../../host/socket-path.ts";

/*
 * A balancer has the rights of its app and no more: what its workers have it do, they could do themselves. Its
 * listening socket lies in God's own folder, which its user cannot enter: God makes it and hands it down. The program
 * is read from its standard input where its user might not be able to open it.
 */

/** Opens no file, and still sees whether it was removed (open(2)). Not among Node's constants. */
const O_PATH = 0o10000000;

export interface Launched {
  readonly child: ChildProcess;
  readonly secret: string;
  readonly startTicks: number;
}

export function madeOfSpec(
  { interpreter, scheduling, confinement }: AppSpec,
  { uid, gid }: Identity,
): string {
  const user = uid === undefined && gid === undefined ? "" : ` as ${uid ?? ""}:${gid ?? ""}`;
  const limits = confinement === undefined ? "" : ` ${JSON.stringify(confinement)}`;
  return `${interpreter} ${scheduling}${user}${limits}`;
}

/** @throws what the kernel says when the socket, or the process, cannot be made. */
export function launchBalancer(options: {
  readonly path: string;
  readonly program: string;
  readonly home: string;
  readonly app: string;
  readonly spec: AppSpec;
  readonly madeOf: string;
  readonly identity: Identity;
  readonly groups: Groups;
}): Launched {
  const { path, program, home, app, spec, madeOf, identity, groups } = options;
  const isOther = identity.uid !== undefined || identity.gid !== undefined;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const listening = listenAt(path);
  const opened: number[] = [];
  try {
    const open = (file: string, flags: number): number => {
      const descriptor = openSync(file, flags);
      opened.push(descriptor);
      return descriptor;
    };
    const input = isOther ? open(program, constants.O_RDONLY) : "ignore";
    // Its user does not get God's log either, unless the app is to write there: it tells what there is to say.
    const isShared = [spec.logs.out, spec.logs.error].some((log) => log !== null && ownStream(log));
    const output = isOther && !isShared ? "ignore" : "inherit";
    const group = groupFor(spec, groups);
    const { command, args, ...rights } = confined(
      spec.confinement,
      identity,
      {
        command: spec.interpreter ?? process.execPath,
        args: [isOther ? "-" : program, app, spec.scheduling, madeOf],
        env: { PATH: spec.env["PATH"] ?? process.env["PATH"], XM_HOME: home, XM_BALANCER: app },
      },
      [home, spec.cwd, dirname(spec.script), dirname(program)],
      group,
    );
    const child = spawn(command, args, {
      detached: true,
      cwd: "/",
      stdio: [input, output, output, listening.descriptor, open(path, O_PATH)],
      ...rights,
    });
    const secret = randomBytes(24).toString("base64url");
    const { pid } = child;
    const startTicks = pid === undefined ? 0 : (readProcess(pid)?.startTicks ?? 0);
    if (pid !== undefined) {
      const uid = identity.uid ?? null;
      writeRecord(path, { v: 1, app, madeOf, pid, startTicks, secret, uid });
    }
    return { child, secret, startTicks };
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
    listening.close();
  }
}

/** Its workers are born into it. Those of earlier balancers are empty by now. */
function groupFor({ confinement }: AppSpec, groups: Groups): string | undefined {
  if (confinement?.cgroup === undefined) return undefined;
  groups.tidy();
  return groups.make(`cluster-${randomBytes(8).toString("hex")}`, confinement.cgroup);
}

/**
 * A socket that listens at a path. It gets its name by renaming: closing it here removes the name that it was bound by,
 * which nothing has any more.
 */
function listenAt(path: string): { descriptor: number; close: () => void } {
  const server = createServer();
  // Told later as an event; what matters is seen at once.
  server.on("error", () => {});
  const bound = path.replace(/sock$/, "new");
  rmSync(bound, { force: true });
  withSocketPath(bound, (short) => server.listen(short));
  const { _handle: handle } = server as unknown as { _handle: { fd: number } | null };
  if (handle === null || !existsSync(bound)) throw new Error(`cannot listen at ${path}`);
  renameSync(bound, path);
  return { descriptor: handle.fd, close: () => void server.close() };
}
