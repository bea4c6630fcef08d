import type { CommandDef } from "citty";

/** A command, loaded when it is called: every file a call does not need is time it does not take. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  // oxlint-disable-next-line typescript/no-explicit-any -- each command has arguments of its own
  readonly load: () => Promise<CommandDef<any>>;
}

const entry = (
  name: string,
  load: CommandEntry["load"],
  ...aliases: readonly string[]
): CommandEntry => ({ name, aliases, load });

/** Every command under PM2's name and PM2's other names for it. */
export const commands: readonly CommandEntry[] = [
  entry("start", async () => (await import("./start.ts")).default),
  entry("stop", async () => (await import("./actions.ts")).stop),
  entry("restart", async () => (await import("./actions.ts")).restart),
  entry("reload", async () => (await import("./reload.ts")).default, "gracefulReload"),
  entry("startOrRestart", async () => (await import("./start-or.ts")).startOrRestart),
  entry(
    "startOrReload",
    async () => (await import("./start-or.ts")).startOrReload,
    "startOrGracefulReload",
  ),
  entry("delete", async () => (await import("./actions.ts")).remove, "del"),
  entry("list", async () => (await import("./list.ts")).default, "ls", "l", "ps", "status"),
  entry("jlist", async () => (await import("./jlist.ts")).default),
  entry("prettylist", async () => (await import("./jlist.ts")).pretty),
  entry("describe", async () => (await import("./describe.ts")).default, "desc", "info", "show"),
  entry("why", async () => (await import("./why.ts")).default),
  entry("simulate", async () => (await import("./simulate.ts")).default),
  entry("history", async () => (await import("./history.ts")).default),
  entry("chart", async () => (await import("./chart.ts")).default),
  entry("logs", async () => (await import("./logs.ts")).default),
  entry("flush", async () => (await import("./log-files.ts")).flush),
  entry("reloadLogs", async () => (await import("./log-files.ts")).reloadLogs),
  entry("reset", async () => (await import("./actions.ts")).reset),
  entry("scale", async () => (await import("./scale.ts")).default),
  entry("trigger", async () => (await import("./trigger.ts")).default),
  entry("env", async () => (await import("./ids.ts")).env),
  entry("pid", async () => (await import("./ids.ts")).pid),
  entry("id", async () => (await import("./ids.ts")).id),
  entry("sendSignal", async () => (await import("./send-signal.ts")).default),
  entry("save", async () => (await import("./dump.ts")).save, "dump"),
  entry("resurrect", async () => (await import("./dump.ts")).resurrect),
  entry("ping", async () => (await import("./daemon.ts")).ping),
  entry("kill", async () => (await import("./daemon.ts")).kill),
  entry("update", async () => (await import("./daemon.ts")).update, "updatePM2"),
  entry("daemon", async () => (await import("./daemon.ts")).default),
];
