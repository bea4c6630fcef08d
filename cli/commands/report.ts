import { availableParallelism, freemem, release, totalmem } from "node:os";
import { connect } from "../../runtime/client/connection/client.ts";
import type { DaemonView, ProcessView } from "../../runtime/client/connection/types.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { errnoOf, messageOf, XmError } from "../../runtime/contract/errors.ts";
import { lastLinesOf } from "../../runtime/host/files/read.ts";
import { homePaths, resolveHome } from "../../runtime/host/home/paths.ts";
import { version } from "../../runtime/contract/version.ts";
import { xmCommand } from "../call/command.ts";
import { formatAge, formatBytes, formatTime } from "../render/format.ts";

/** Of the daemon's log. */
const shownLines = 30;

export default xmCommand({
  name: "report",
  description: "Prints a summary for bug reports, without environment values",
  args: {},
  run: async () => {
    const paths = homePaths(resolveHome(process.env));
    const client = connect({ autostart: false });
    const [daemon, list] = await Promise.all([
      orNothing(client.daemon()),
      orNothing(client.list()),
    ]);
    const groups = [
      group("command line", [
        ["version", version],
        ["node", `${process.version} (${process.execPath})`],
        ["home", paths.home],
        ["time", formatTime(Date.now())],
      ]),
      group("machine", [
        ["system", `${process.platform} ${release()} ${process.arch}`],
        ["processors", String(availableParallelism())],
        ["memory", `${formatBytes(freemem())} free of ${formatBytes(totalmem())}`],
      ]),
      group("daemon", daemonRows(daemon)),
      group("processes", (list ?? []).map(processRow)),
      group(
        "end of the daemon's log",
        lastLines(paths.log).map((line) => [line, ""]),
      ),
    ];
    process.stdout.write(`\`\`\`\n${groups.join("\n\n")}\n\`\`\`\n`);
  },
});

type Row = readonly [key: string, value: string];

function group(title: string, rows: readonly Row[]): string {
  const width = Math.max(0, ...rows.filter(([, value]) => value !== "").map(([key]) => key.length));
  const lines = rows.map(
    ([key, value]) => `  ${value === "" ? key : `${key.padEnd(width)}  ${value}`}`,
  );
  return [`${title}:`, ...(lines.length === 0 ? ["  none"] : lines)].join("\n");
}

function daemonRows(daemon: DaemonView | undefined): Row[] {
  if (daemon === undefined) return [["state", "not running"]];
  return [
    ["version", daemon.version],
    ["node", daemon.node],
    ["uptime", formatAge(Date.now() - daemon.startedAt)],
    ["memory", formatBytes(daemon.memoryBytes)],
    ["watchdog", daemon.watchdogPid === null ? "none" : "there"],
    ["state", daemon.stateIsWritable ? "on disk" : "in memory only"],
    ...daemon.notes.map((note): Row => ["note", note]),
  ];
}

function processRow(each: ProcessView): Row {
  const { id, name, mode, status, restarts, failure, decision } = each;
  const why = failure?.message ?? decision;
  return [
    `${id} ${name}`,
    `${mode}, ${statusWord(status)}, ${restarts} restart(s)${why === null ? "" : `: ${why}`}`,
  ];
}

function lastLines(file: string): string[] {
  try {
    return lastLinesOf(file, shownLines, 256 * 1024);
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? [] : [`${file} cannot be read: ${messageOf(error)}`];
  }
}

/** A daemon that does not run, or does not answer, is a finding and no failure. */
async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof XmError && error.class === "unavailable") return undefined;
    throw error;
  }
}
