import { plain } from "../../runtime/contract/plain.ts";
import { defineCommand } from "citty";
import { connect } from "../../runtime/client/connection/client.ts";
import { isDaemonAbsent } from "../../runtime/contract/errors.ts";
import type { Client } from "../../runtime/client/connection/types.ts";
import { xmCommand } from "../call/command.ts";
import { globals } from "../call/globals.ts";
import { formatAge, formatBytes } from "../render/format.ts";
import { say } from "../render/say.ts";

export const ping = xmCommand({
  name: "ping",
  description: "Starts the daemon if needed and confirms that it is running",
  args: {},
  run: async () => {
    const { pid, version } = await connect().ping();
    say(`pong (pid ${pid}, version ${version})\n`);
  },
});

export const kill = xmCommand({
  name: "kill",
  description: "Stops and removes every process and ends the daemon",
  args: {},
  run: async () => {
    const client = connect({ autostart: false });
    const end = showWhoIsLeft(client);
    try {
      const { stopped, note } = await client.shutDown("`xm kill`");
      say(`stopped ${stopped} process(es) and the daemon\n`);
      if (note) process.stderr.write(`xm: ${note}\n`);
    } catch (error) {
      if (!isDaemonAbsent(error)) throw error;
      say("the daemon is not running\n");
    } finally {
      end();
    }
  },
});

/** What ends within this is not worth a line; ms. */
const quietMs = 1_000;

/** Tells each process that is waited for, once. @returns ends it. */
function showWhoIsLeft(client: Client): () => void {
  if (globals.isSilent) return () => undefined;
  const told = new Set<number>();
  let timer: NodeJS.Timeout;
  let hasEnded = false;
  const look = async (): Promise<void> => {
    // The daemon may end between two looks.
    const list = await client.list().catch(() => []);
    if (hasEnded) return;
    for (const { id, name, pid, status, killAt } of list) {
      if (told.has(id) || status !== "stopping") continue;
      told.add(id);
      const left =
        killAt == null ? "" : `, for ${formatAge(Math.max(killAt - Date.now(), 1_000))} at most`;
      process.stdout.write(`waiting for ${name} (${id}), pid ${pid}, to end${left}\n`);
    }
    timer = setTimeout(() => void look(), quietMs);
  };
  timer = setTimeout(() => void look(), quietMs);
  return () => {
    hasEnded = true;
    clearTimeout(timer);
  };
}

const restartDaemon = async (): Promise<void> => {
  const client = connect();
  const before = await client.ping();
  await client.handOver("`xm daemon restart`");
  const after = await client.ping();
  const { processes, notes } = await client.daemon();
  const versions =
    before.version === after.version ? after.version : `${before.version} → ${after.version}`;
  say(`daemon ${before.pid} → ${after.pid}, version ${versions}, ${processes} process(es)\n`);
  for (const note of notes) say(`  ${plain(note)}\n`);
};

const restart = xmCommand({
  name: "restart",
  description: "Replaces the daemon with this version; processes keep running",
  args: {},
  run: restartDaemon,
});

export const update = xmCommand({
  name: "update",
  description: "Alias of `xm daemon restart`",
  args: {},
  run: restartDaemon,
});

const status = xmCommand({
  name: "status",
  description: "Shows the daemon; does not start one",
  args: {},
  run: async () => {
    const view = await connect({ autostart: false }).daemon();
    const rows: readonly (readonly [string, string])[] = [
      ["pid", String(view.pid)],
      ["version", view.version],
      ["node", view.node],
      ["home", view.home],
      ["log", view.log],
      ["uptime", formatAge(Date.now() - view.startedAt)],
      ["memory", formatBytes(view.memoryBytes)],
      ["processes", String(view.processes)],
      ["watchdog", view.watchdogPid === null ? "none" : `pid ${view.watchdogPid}`],
      ["state", view.stateIsWritable ? "on disk" : "IN MEMORY ONLY: the disk refuses writes"],
    ];
    const lines = rows.map(([key, value]) => `${key.padEnd(10)} ${value}`);
    process.stdout.write(
      `${[...lines, ...view.notes.map((note) => `note       ${note}`)].join("\n")}\n`,
    );
  },
});

export default defineCommand({
  meta: {
    name: "daemon",
    description: "Manages the daemon: `xm daemon status`, `xm daemon restart`",
  },
  subCommands: { restart, status },
});
