import { fieldsOf } from "../fields-of.ts";
import { scenario, type Scenario } from "../scenario.ts";

const kept = (text: string): unknown => JSON.parse(text === "" ? "null" : text);

/** set, get, multiset, unset, conf; and commands that write files. */
export const settings: readonly Scenario[] = [
  scenario("set and get: text under keys that are split at dots and colons", async (s) => {
    await s.code("set", "a.b", "1");
    await s.code("set", "a:c", "true");
    await s.code("set", "plain", "x");
    s.see("kept", kept(s.read("h/module_conf.json")));
    s.see("get a.b", (await s.run("get", "a.b")).stdout.includes("1"));
    await s.code("get", "a.b");
    await s.code("get", "plain");
    await s.code("get", "nothing");
    await s.code("get");
  }),
  scenario("set of three parts", async (s) => {
    await s.code("set", "a.b.c", "1");
    s.see("kept", kept(s.read("h/module_conf.json")));
  }),
  scenario("multiset", async (s) => {
    await s.code("multiset", "k1 v1 k2 v2 m:x 3");
    s.see("kept", kept(s.read("h/module_conf.json")));
  }),
  scenario("unset of a key, of a module and of nothing", async (s) => {
    await s.ok("multiset", "k1 v1 m:x 1 m:y 2 n:z 3");
    await s.code("unset", "k1");
    await s.code("unset", "m:x");
    await s.code("unset", "n");
    await s.code("unset", "nothing");
    s.see("kept", kept(s.read("h/module_conf.json")));
  }),
  scenario("conf and config are set and get as well", async (s) => {
    await s.code("conf", "k", "v");
    await s.code("config", "l", "w");
    await s.code("conf");
    await s.code("conf", "k");
    s.see("kept", kept(s.read("h/module_conf.json")));
  }),
  scenario("setting app.key restarts that app with it in its environment", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", args: "env=color,a" });
    await s.untilTold("up");
    await s.code("set", "a:color", "red");
    await s.untilTold("up", 2);
    s.see("env", (await s.untilTold("env", 2)).at(-1)?.value);
    s.see("fields", fieldsOf(await s.one(), ["restart_time"]));
  }),
  scenario("ecosystem writes a file, and not over one", async (s) => {
    await s.code("ecosystem");
    s.see("is there", s.has("ecosystem.config.js"));
    const apps = await s.node([
      "-e",
      "const c = require('./ecosystem.config.js'); console.log(Array.isArray(c.apps), c.apps.length > 0)",
    ]);
    s.see("apps", apps.stdout.trim().split(" ")[0]);
    s.see("again", (await s.run("ecosystem")).code);
  }),
  scenario("init is ecosystem, and simple is a smaller one", async (s) => {
    await s.code("init", "simple");
    s.see("is there", s.has("ecosystem.config.js"));
  }),
  scenario("help of a command and examples end with 0", async (s) => {
    await s.code("examples");
    await s.code("start", "--help");
    await s.code("report");
  }),
  scenario("create, slist and other lists end with 0", async (s) => {
    await s.code("slist");
    await s.code("sysinfos");
    await s.code("list", "--mini-list");
    await s.code("list", "-m");
    await s.code("list", "--sort", "name:desc");
  }),
];
