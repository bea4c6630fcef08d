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
  ...[
    { how: "PM2_SILENT=true", silent: "true" },
    { how: "-s", flag: "-s" },
    { how: "--silent", flag: "--silent" },
  ].map(({ how, flag, silent }) =>
    scenario(`${how}: commands that do something say nothing`, async (s) => {
      const said: Record<string, string> = {};
      for (const words of [
        "start tells.cjs --name api",
        "restart api",
        "reload api",
        "scale api 2",
        "reset api",
        "flush",
        "reloadLogs",
        "sendSignal SIGUSR2 api",
        "send 0 hello",
        "set api.color red",
        "multiset a b",
        "config c d",
        "unset a",
        "save",
        "cleardump",
        "stop api",
        "delete api",
        "resurrect",
        "ping",
        "init",
        "update",
        "kill",
      ]) {
        const args = [...words.split(" "), ...(flag === undefined ? [] : [flag])];
        const { code, stdout } = await s.call(args, { env: { PM2_SILENT: silent } });
        said[words] = `${code} ${stdout}`;
      }
      s.see("said", said);
    }),
  ),
  scenario("no command at all, an unknown one, the version and help", async (s) => {
    await s.code();
    await s.code("no-such-command");
    await s.code("--version");
    await s.code("-v");
    await s.code("--help");
  }),
];
