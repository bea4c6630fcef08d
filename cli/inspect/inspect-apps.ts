import { userInfo } from "node:os";
import { connect } from "../../runtime/client/connection/client.ts";
import type { Client, Inspection } from "../../runtime/client/connection/types.ts";
import { XmError } from "../../runtime/contract/errors.ts";
import { plain } from "../../runtime/contract/plain.ts";
import { paint } from "../render/colors.ts";
import { resolveTargets } from "../apps/targets.ts";

/**
 * `xm inspect NAME`: switches the Node inspectors of running apps on, says where they are and who else reaches them, and keeps them
 * on until Ctrl-C, a signal or the end of the terminal.
 */
export async function inspectApps(targets: readonly string[]): Promise<void> {
  const client = connect();
  const chosen = await resolveTargets(client, targets);
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => abort.abort());
  }
  const users = new Map((await client.list()).map(({ id, user }) => [id, user]));
  const holding: Promise<void>[] = [];
  for (const { id } of chosen) {
    const { inspection, end } = await hold(client, id, abort.signal);
    tell(inspection, users.get(id) ?? userInfo().username);
    holding.push(end);
  }
  const hint =
    "  chrome://inspect, an editor or `node inspect` take the address; Ctrl-C closes it\n";
  process.stdout.write(paint("grey", hint));
  await Promise.all(holding);
}

function tell({ id, name, pid, url, devtools, wasOpen }: Inspection, user: string): void {
  const state = wasOpen ? "was already on and stays on" : "is on";
  const lines = [
    `${paint("bold", plain(name))} (${id}), pid ${pid}: the inspector ${state}`,
    `  ${url}`,
    ...(devtools === "" ? [] : [`  ${devtools}`]),
    `  ${paint("yellow", `every user of this machine can connect to it and run code as ${plain(user)}`)}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** The first value is where it is; `end` resolves when it must be closed. */
export async function hold(
  client: Client,
  id: number,
  signal: AbortSignal,
): Promise<{ inspection: Inspection; end: Promise<void> }> {
  const lines = client.holdDebugger(id, signal)[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) throw new Error("can't happen: a debugger is on and nowhere");
  return { inspection: first.value, end: untilEnd(lines, first.value) };
}

async function untilEnd(
  lines: AsyncIterator<Inspection>,
  { url, wasOpen }: Inspection,
): Promise<void> {
  try {
    await lines.next();
  } catch (error) {
    if (!(error instanceof XmError) || error.code !== "ERR_DAEMON_DIED") throw error;
    // Nobody else switches it off then.
    const { closeDebugger } = await import("../../runtime/host/debugger-port.ts");
    if (!wasOpen) await closeDebugger(url);
    throw error;
  }
}
