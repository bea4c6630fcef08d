import { runProgram } from "../program.ts";
import { scenario, type Scenario } from "../scenario.ts";

const start = `await call("connect"); const script = __dirname + "/tells.cjs";`;

/** A program over the API, and what it gives back. */
const program = (rule: string, body: string): Scenario =>
  scenario(`API: ${rule}`, async (s) => {
    s.see("result", await runProgram(s, body));
  });

/** What programs do that require the manager. */
export const api: readonly Scenario[] = [
  scenario(
    "API: a life from connect to disconnect",
    async (s) => {
      s.see(
        "result",
        await runProgram(
          s,
          `
      const facts = [(await call("connect"))[0]];
      const [failed, processes] = await call("start", { name: "a", script: __dirname + "/tells.cjs" });
      facts.push(failed, Array.isArray(processes), processes.length, typeof processes[0].pm2_env, typeof processes[0].process.pid, processes[0].pm2_env.name, processes[0].pm2_env.status);
      for (const method of ["restart", "reload", "stop", "delete"]) {
        const [bad, list] = await call(method, "a");
        facts.push([method, bad, Array.isArray(list), list && list.length]);
      }
      return facts;`,
        ),
      );
    },
    { sample: true },
  ),
  program(
    "list and describe",
    `${start}
    await call("start", { name: "a", script, args: "x" });
    const [, list] = await call("list");
    const [, one] = await call("describe", "a");
    const [failed, none] = await call("describe", "nobody");
    return [list.length, Object.keys(list[0]).sort(), list[0].name, list[0].pm2_env.status, one.length, one[0].name, one[0].pm2_env.args, failed, none];`,
  ),
  program(
    "describe by id",
    `${start}
    await call("start", { name: "a", script });
    const [failed, one] = await call("describe", 0);
    return [failed, one.length, one[0].name];`,
  ),
  program(
    "start of a script's path with options",
    `${start}
    const [failed, list] = await call("start", script, { name: "b", args: ["x"] });
    await until(() => told().includes('"up"'));
    return [failed, list.length, list[0].pm2_env.name, told().includes('"argv":["x"]')];`,
  ),
  program(
    "start of a list of apps",
    `${start}
    const [failed, list] = await call("start", [{ name: "a", script }, { name: "b", script }]);
    return [failed, list.map((each) => each.pm2_env.name).sort()];`,
  ),
  program(
    "start of apps in an object",
    `${start}
    const [failed, list] = await call("start", { apps: [{ name: "a", script }] });
    return [failed, list.map((each) => each.pm2_env.name)];`,
  ),
  program(
    "start of a file",
    `${start}
    require("fs").writeFileSync(__dirname + "/f.json", JSON.stringify({ apps: [{ name: "f", script }] }));
    const [failed, list] = await call("start", __dirname + "/f.json");
    return [failed, list.map((each) => each.pm2_env.name)];`,
  ),
  program(
    "start of a script that is not there is an error",
    `${start}
    const [failed] = await call("start", { script: __dirname + "/nothing.js" });
    return failed;`,
  ),
  program(
    "actions on nobody are errors",
    `${start}
    const facts = [];
    for (const method of ["stop", "restart", "delete", "reload"]) facts.push([method, (await call(method, "nobody"))[0]]);
    return facts;`,
  ),
  program(
    "instances",
    `${start}
    const [failed, list] = await call("start", { name: "c", script, args: "listen", exec_mode: "cluster", instances: 2 });
    return [failed, list.map((each) => each.pm2_env.exec_mode), (await call("list"))[1].map((each) => each.pm_id)];`,
  ),
  program(
    "restart with updateEnv",
    `${start}
    await call("start", { name: "a", script, args: "env=COLOR" });
    process.env.COLOR = "red";
    const [failed] = await call("restart", "a", { updateEnv: true });
    await until(() => told().includes('"COLOR":"red"'));
    return failed;`,
  ),
  program(
    "getProcessIdByName",
    `${start}
    await call("start", [{ name: "a", script }, { name: "b", script }]);
    return [await call("getProcessIdByName", "b"), await call("getProcessIdByName", "nobody")];`,
  ),
  program(
    "getVersion, ping and reset",
    `${start}
    await call("start", { name: "a", script });
    const [versionFailed, version] = await call("getVersion");
    const [resetFailed] = await call("reset", "a");
    return [versionFailed, typeof version, resetFailed];`,
  ),
  program(
    "sendSignalToProcessName and Id",
    `${start}
    await call("start", { name: "a", script });
    await until(() => told().includes('"up"'));
    const facts = [(await call("sendSignalToProcessName", "SIGUSR2", "a"))[0]];
    facts.push((await call("sendSignalToProcessId", "SIGHUP", 0))[0]);
    await until(() => (told().match(/"signal"/g) || []).length === 2);
    return facts;`,
  ),
  program(
    "sendDataToProcessId reaches process.on('message')",
    `${start}
    await call("start", { name: "a", script });
    await until(() => told().includes('"up"'));
    const [failed] = await call("sendDataToProcessId", 0, { type: "process:msg", data: { n: 1 }, topic: "hello" });
    const text = await until(() => { const all = told(); return all.includes('"message"') && all; });
    const line = JSON.parse(text.split("\\n").find((line) => line.includes('"message"')));
    return [failed, line.value];`,
  ),
  program(
    "sendDataToProcessId with the id inside",
    `${start}
    await call("start", { name: "a", script });
    await until(() => told().includes('"up"'));
    const [failed] = await call("sendDataToProcessId", { id: 0, type: "process:msg", data: { n: 1 }, topic: "hello" });
    const text = await until(() => { const all = told(); return all.includes('"message"') && all; });
    const line = JSON.parse(text.split("\\n").find((line) => line.includes('"message"')));
    return [failed, line.value.data, line.value.topic];`,
  ),
  program(
    "sendDataToProcessId to nobody is an error",
    `${start}
    return (await call("sendDataToProcessId", 9, { type: "process:msg", data: {}, topic: "t" }))[0];`,
  ),
  program(
    "dump and flush",
    `${start}
    await call("start", { name: "a", script });
    const facts = [(await call("dump"))[0], (await call("flush", "a"))[0]];
    return [...facts, JSON.parse(require("fs").readFileSync(process.env.PM2_HOME + "/dump.pm2", "utf8")).length];`,
  ),
  program(
    "reloadLogs",
    `${start}
    await call("start", { name: "a", script });
    return (await call("reloadLogs"))[0];`,
  ),
  program(
    "killDaemon",
    `${start}
    await call("start", { name: "a", script });
    return (await call("killDaemon"))[0];`,
  ),
  program(
    "a reload during a reload is an error",
    `${start}
    await call("start", { name: "a", script, exec_mode: "cluster", instances: 2, args: "listen" });
    const both = await Promise.all([call("reload", "a"), call("reload", "a")]);
    // Which of the two comes first is chance.
    return both.map(([failed]) => failed).sort();`,
  ),
  program(
    "connecting is implicit",
    `
    const [failed, list] = await call("list");
    return [failed, list];`,
  ),
  program(
    "the members of the module",
    `
    return ["connect", "start", "stop", "restart", "reload", "delete", "list", "describe", "launchBus", "sendDataToProcessId", "sendSignalToProcessName", "sendSignalToProcessId", "trigger", "msgProcess", "dump", "flush", "reloadLogs", "killDaemon", "disconnect", "getVersion", "getPID", "custom", "getProcessIdByName", "reset", "ping", "scale", "resurrect", "autodump", "attach", "close", "set", "get", "unset", "kill", "update", "env", "profile", "speedList", "startup", "uninstallStartup", "sendLineToStdin", "inspect", "serve", "install", "uninstall", "multiset"].map((name) => [name, typeof manager[name]]);`,
  ),
  program(
    "an app uses the API and reaches the daemon that runs it",
    `${start}
    require("fs").writeFileSync(__dirname + "/inner.cjs", 'const m = require("manager"); m.connect(() => m.list((e, l) => { require("fs").writeFileSync(__dirname + "/inner.json", JSON.stringify(l.map((x) => x.name))); }));');
    await call("start", { name: "inner", script: __dirname + "/inner.cjs", autorestart: false });
    return JSON.parse(await until(() => require("fs").existsSync(__dirname + "/inner.json") && require("fs").readFileSync(__dirname + "/inner.json", "utf8")));`,
  ),
  program(
    "methods without a callback",
    `${start}
    manager.start({ name: "a", script });
    return until(async () => { const [, list] = await call("list"); return list.length === 1 && list[0].pm2_env.status === "online" && list.map((each) => each.name); });`,
  ),
  program(
    "trigger",
    `${start}
    require("fs").writeFileSync(__dirname + "/acts.cjs", 'process.on("message", (m) => { if (m === "act" || m.msg === "act") process.send({ type: "axm:reply", data: { action_name: "act", return: "done" } }) }); process.send({ type: "axm:action", data: { action_name: "act" } }); setInterval(() => {}, 1e9)');
    await call("start", { name: "a", script: __dirname + "/acts.cjs" });
    await until(async () => JSON.stringify((await call("list"))[1]).includes('"action_name":"act"'));
    const [failed, answers] = await call("trigger", "a", "act", "words");
    return [failed, Array.isArray(answers), answers.length];`,
  ),
];
