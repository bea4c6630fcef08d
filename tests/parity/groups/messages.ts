import { fieldsOf } from "../fields-of.ts";
import { scenario, type Scenario } from "../scenario.ts";

/** An app that answers actions and messages as PM2's own apps do. */
const acts = `const fs = require("fs");
const tell = (what, value) => fs.appendFileSync(__dirname + "/told.ndjson", JSON.stringify({ what, value }) + "\\n");
process.on("message", (message) => {
  tell("message", message);
  const name = typeof message === "object" && message !== null ? message.msg : message;
  if (name === "act") process.send({ type: "axm:reply", data: { action_name: "act", return: { done: true } } });
});
process.send({ type: "axm:action", data: { action_name: "act", action_type: "custom", arity: 0 } });
process.send({ type: "axm:monitor", data: { queue: { value: 7, type: "custom", historic: true } } });
process.send({ type: "axm:option:configuration", data: { color: "red" } });
tell("up"); setInterval(() => {}, 1e9);`;

/** What reaches an app, and what an app says of itself. */
export const messages: readonly Scenario[] = [
  scenario("send writes a line to stdin", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", args: "stdin" });
    await s.untilTold("up");
    await s.code("send", "0", "hello there");
    s.see(
      "lines",
      (await s.untilTold("line")).map(({ value }) => value),
    );
  }),
  scenario("send to nobody", async (s) => {
    await s.code("send", "9", "hello");
  }),
  scenario("an app's actions, metrics and options are in jlist", async (s) => {
    s.write("acts.cjs", acts);
    await s.start({ name: "a", script: "acts.cjs" });
    await s.untilTold("up");
    const [one] = await s.untilList("its metric", ([each]) =>
      JSON.stringify(each?.pm2_env["axm_monitor"] ?? {}).includes("queue"),
    );
    if (one === undefined) throw new Error("no process");
    const actions = one.pm2_env["axm_actions"] as { action_name: string }[];
    s.see("action", actions.find((each) => each.action_name === "act") ?? null);
    const monitor = one.pm2_env["axm_monitor"] as Record<string, { value: unknown }>;
    s.see("metric", monitor["queue"] ?? null);
    s.see("option", (one.pm2_env["axm_options"] as Record<string, unknown>)["color"] ?? null);
  }),
  scenario("trigger asks for an action, by name and by id", async (s) => {
    s.write("acts.cjs", acts);
    await s.start({ name: "a", script: "acts.cjs" });
    await s.untilTold("up");
    await s.untilList("its action", ([each]) =>
      JSON.stringify(each?.pm2_env["axm_actions"] ?? []).includes("act"),
    );
    const ran = await s.run("trigger", "a", "act");
    s.see("exit code", ran.code);
    s.see("shows the answer", ran.stdout.includes("done"));
    s.see(
      "message",
      (await s.untilTold("message")).map(({ value }) => value),
    );
    s.see("with parameters", (await s.run("trigger", "0", "act", "some words")).code);
    s.see(
      "messages",
      (await s.untilTold("message", 2)).map(({ value }) => value),
    );
    await s.run("trigger", "a", "act", "words");
    await s.run("trigger", "all", "act", "words");
    s.see(
      "messages by other names",
      (await s.untilTold("message", 4)).slice(2).map(({ value }) => value),
    );
  }),
  scenario("trigger of an unknown action and of nobody", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.code("trigger", "nobody", "act");
  }),
  scenario("a message without a type is no failure", async (s) => {
    s.write(
      "odd.cjs",
      `process.send("text"); process.send({ a: 1 }); process.send(7); require("fs").appendFileSync(__dirname + "/told.ndjson", JSON.stringify({ what: "up" }) + "\\n"); setInterval(() => {}, 1e9)`,
    );
    await s.start({ name: "a", script: "odd.cjs" });
    await s.untilTold("up");
    s.see("fields", fieldsOf(await s.one(), ["status", "restart_time"]));
  }),
  scenario("describe, show, info and desc of an app end with 0", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    for (const command of ["describe", "show", "info", "desc"]) await s.code(command, "a");
    s.see("names the script", (await s.ok("describe", "0")).includes("tells.cjs"));
  }),
];
