import { scenario } from "../scenario.ts";

/** What a script that calls the manager goes on by. */
export const exitCodes = [
  scenario(
    "a life from start to delete ends every command with 0",
    async (s) => {
      await s.code("start", "tells.cjs");
      for (const command of ["restart", "reload", "stop", "start", "describe", "reset", "delete"]) {
        await s.code(command, "tells");
      }
    },
    { sample: true },
  ),
  scenario("an unknown name is a failure of every command that acts on one", async (s) => {
    await s.ok("start", "tells.cjs");
    for (const command of ["stop", "restart", "reload", "delete", "describe", "reset", "scale"]) {
      await s.code(command, "nobody", ...(command === "scale" ? ["2"] : []));
    }
    await s.code("sendSignal", "SIGUSR2", "nobody");
    await s.code("env", "nobody");
    await s.code("id", "nobody");
    await s.code("pid", "nobody");
    await s.code("flush", "nobody");
  }),
  scenario("an unknown id is a failure as well", async (s) => {
    for (const command of [
      "stop",
      "restart",
      "reload",
      "delete",
      "describe",
      "env",
      "reset",
      "flush",
    ]) {
      await s.code(command, "7");
    }
  }),
  scenario("all with nothing there", async (s) => {
    for (const command of ["stop", "restart", "reload", "delete", "reset", "flush", "start"]) {
      await s.code(command, "all");
    }
  }),
  scenario("commands about the daemon end with 0", async (s) => {
    for (const command of [
      "ping",
      "list",
      "ls",
      "l",
      "ps",
      "status",
      "jlist",
      "prettylist",
      "save",
      "dump",
      "reloadLogs",
      "flush",
      "kill",
    ]) {
      await s.code(command);
    }
    await s.code("resurrect");
  }),
  scenario("no command at all, an unknown one, the version and help", async (s) => {
    await s.code();
    await s.code("no-such-command");
    await s.code("--version");
    await s.code("-v");
    await s.code("--help");
  }),
];
