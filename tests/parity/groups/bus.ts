import { runProgram } from "../program.ts";
import { scenario, type Scenario } from "../scenario.ts";

/** Collects what the bus says of channels, then does something and waits until enough was said. */
const watches = (
  rule: string,
  channels: readonly string[],
  body: string,
  differs: Readonly<Record<string, string>> = {},
): Scenario =>
  scenario(
    `bus: ${rule}`,
    async (s) => {
      s.see(
        "said",
        await runProgram(
          s,
          `
      await call("connect");
      const [failed, bus] = await call("launchBus");
      const seen = [];
      for (const channel of ${JSON.stringify(channels)}) bus.on(channel, (...args) => seen.push([channel, ...args]));
      const script = __dirname + "/tells.cjs";
      // Twice the same in a row is said once: PM2 says some exits twice.
      const order = () => seen.map(([, each]) => [each.event, each.manually].join(" ")).filter((each, index, all) => each !== all[index - 1]);
      const count = (test) => until(() => { const found = seen.filter(test); return found.length > 0 && found; });
      ${body}`,
        ),
      );
    },
    { differs },
  );

/** What the bus says, in which order, and with what. */
export const bus: readonly Scenario[] = [
  watches(
    "a start says start and then online",
    ["process:event"],
    `
    await call("start", { name: "a", script });
    await count(([, each]) => each.event === "online");
    return order();`,
  ),
  watches(
    "what an event carries",
    ["process:event"],
    `
    await call("start", { name: "a", script });
    const [[, online]] = await count(([, each]) => each.event === "online");
    return [Object.keys(online).sort(), online.event, online.manually, online.process.name, online.process.pm_id, online.process.namespace, typeof online.process.pm_uptime, typeof online.at];`,
  ),
  watches(
    "a stop says exit, then stop",
    ["process:event"],
    `
    await call("start", { name: "a", script });
    await count(([, each]) => each.event === "online");
    seen.length = 0;
    await call("stop", "a");
    await count(([, each]) => each.event === "stop");
    await count(([, each]) => each.event === "exit");
    return order();`,
  ),
  watches(
    "a restart says its events in this order",
    ["process:event"],
    `
    await call("start", { name: "a", script });
    await count(([, each]) => each.event === "online");
    seen.length = 0;
    await call("restart", "a");
    await count(([, each]) => each.event === "restart");
    return order();`,
  ),
  watches(
    "a delete says its events",
    ["process:event"],
    `
    await call("start", { name: "a", script });
    await count(([, each]) => each.event === "online");
    seen.length = 0;
    await call("delete", "a");
    await count(([, each]) => each.event === "exit");
    await call("list");
    return order();`,
    { said: "exit and delete on the bus" },
  ),
  watches(
    "a crash says exit and online, and the overlimit",
    ["process:event"],
    `
    await call("start", { name: "a", script, args: "exit=1", max_restarts: 2, min_uptime: 60_000 });
    await count(([, each]) => each.event === "restart overlimit");
    return order();`,
  ),
  watches(
    "a reload of a cluster",
    ["process:event"],
    `
    await call("start", { name: "a", script, args: "listen", exec_mode: "cluster", instances: 1 });
    await count(([, each]) => each.event === "online");
    seen.length = 0;
    await call("reload", "a");
    await count(([, each]) => each.event === "reload");
    return [...new Set(seen.map(([, each]) => each.event))].sort();`,
  ),
  watches(
    "log:out carries a line and who said it",
    ["log:out"],
    `
    await call("start", { name: "a", script, args: "out=hello" });
    const [[, said]] = await count(([, each]) => each.data.includes("hello"));
    return [Object.keys(said).sort(), said.data, typeof said.at, said.process];`,
  ),
  watches(
    "log:err carries a line and who said it",
    ["log:err"],
    `
    await call("start", { name: "a", script, args: "err=bad" });
    const [[, said]] = await count(([, each]) => each.data.includes("bad"));
    return [Object.keys(said).sort(), said.data, typeof said.at, said.process];`,
  ),
  watches(
    "process:msg carries what an app sends",
    ["process:msg"],
    `
    await call("start", { name: "a", script, args: "send=process:msg" });
    const [[, said]] = await count(() => true);
    return [Object.keys(said).sort(), said.data, said.raw === undefined ? null : said.raw, said.process.name, said.process.pm_id];`,
  ),
  watches(
    "a message of a type of its own is a channel of that name",
    ["my:topic", "process:msg"],
    `
    await call("start", { name: "a", script, args: "send=my:topic" });
    const [[channel, said]] = await count(() => true);
    return [channel, Object.keys(said).sort(), said.data === undefined ? null : said.data];`,
  ),
  watches(
    "process:exception after an uncaught exception",
    ["process:exception"],
    `
    await call("start", { name: "a", script, args: "throw", autorestart: false });
    const [[, said]] = await count(() => true);
    return [Object.keys(said).sort(), typeof said.data, said.data.message, said.data.name === undefined ? null : said.data.name, typeof said.data.stack, said.process.name];`,
  ),
  watches(
    "process:exception after an unhandled rejection",
    ["process:exception"],
    `
    await call("start", { name: "a", script, args: "reject exit=0@1000", autorestart: false });
    const [[, said]] = await count(() => true);
    return [said.data.message, said.process.name];`,
  ),
  watches(
    "on('*') says every event with its name first",
    ["*"],
    `
    await call("start", { name: "a", script, args: "out=hello" });
    await count(([, event]) => event === "process:event");
    await count(([, event]) => event === "log:out");
    const [[, event, said]] = seen.filter(([, name]) => name === "process:event");
    return [event, typeof said, said.process.name];`,
  ),
  watches(
    "human:event comes through",
    ["human:event"],
    `
    require("fs").writeFileSync(__dirname + "/acts.cjs", 'setInterval(() => process.send({ type: "human:event", data: { __name: "sold", n: 1 } }), 100)');
    await call("start", { name: "a", script: __dirname + "/acts.cjs" });
    const [[, said]] = await count(() => true);
    return [Object.keys(said).sort(), said.data, said.process.name];`,
  ),
  watches(
    "pm2:kill when the daemon is killed",
    ["pm2:kill"],
    `
    await call("start", { name: "a", script });
    void call("killDaemon");
    const [[, said]] = await count(() => true);
    setTimeout(() => globalThis.process.exit(0), 2000).unref();
    return [typeof said];`,
  ),
];
