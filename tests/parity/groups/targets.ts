import { statuses } from "../fields-of.ts";
import { scenario, type Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";

/** Three apps in two namespaces, one of them named by a number. */
async function three(s: Stage): Promise<void> {
  await s.start([
    { name: "api", script: "tells.cjs", namespace: "red" },
    { name: "api-2", script: "tells.cjs", namespace: "blue" },
    { name: "web", script: "./other.cjs", namespace: "blue" },
  ]);
}

/** What a target of `stop` stops. */
const stops = (target: string, ...more: string[]): Scenario => stopsBut({}, target, ...more);

/** The same, where it differs on purpose. */
const stopsBut = (
  differs: Readonly<Record<string, string>>,
  target: string,
  ...more: string[]
): Scenario =>
  scenario(
    `stop ${[target, ...more].join(" ")} stops what it names`,
    async (s) => {
      s.write("other.cjs", s.read("tells.cjs"));
      await three(s);
      s.see("exit code", (await s.run("stop", target, ...more)).code);
      s.see("statuses", statuses(await s.list()));
    },
    { differs },
  );

/** How processes are named, and in which order a name is looked for. */
export const targets: readonly Scenario[] = [
  stops("0"),
  stops("api"),
  stops("blue"),
  stops("all"),
  stops("/^api/"),
  stopsBut({ "exit code": "flags of a /regex/", statuses: "flags of a /regex/" }, "/API/i"),
  stops("/nothing/"),
  stops("other.cjs"),
  stops("apps.json"),
  stops("api", "web"),
  stops("0", "2"),
  stops("api", "nobody"),
  scenario("a numeric name wins over an id", async (s) => {
    await s.start([
      { name: "a", script: "tells.cjs" },
      { name: "0", script: "tells.cjs" },
    ]);
    await s.code("stop", "0");
    s.see("statuses", statuses(await s.list()));
  }),
  scenario(
    "delete by id, name, file and all; ids begin at 0 again when nothing is left",
    async (s) => {
      const app = (name: string): object => ({ name, script: "tells.cjs" });
      await s.start([app("a"), app("b"), app("c"), app("d")]);
      await s.code("delete", "0");
      await s.code("delete", "b");
      s.see("two are left", statuses(await s.list()));
      await s.code("delete", "all");
      s.see("none is left", statuses(await s.list()));
      await s.start([app("e")]);
      s.see("the next", statuses(await s.list()));
      await s.code("delete", "apps.json");
      s.see("none after the file", statuses(await s.list()));
    },
  ),
  scenario("the id of a new process after one was deleted", async (s) => {
    const app = (name: string): object => ({ name, script: "tells.cjs" });
    await s.start([app("a"), app("b"), app("c")]);
    await s.ok("delete", "b");
    await s.start([app("d")]);
    s.see("statuses", statuses(await s.list()));
  }),
  scenario("a configuration on stdin starts, and stops by its names", async (s) => {
    const input = JSON.stringify({ apps: [{ name: "in", script: "tells.cjs" }] });
    s.see("start", (await s.call(["start", "-"], { input })).code);
    s.see("after start", statuses(await s.list()));
    s.see("restart", (await s.call(["restart", "-"], { input })).code);
    s.see("restarts", (await s.one("in")).pm2_env["restart_time"]);
    s.see("stop", (await s.call(["stop", "-"], { input })).code);
    s.see("after stop", statuses(await s.list()));
    s.see("delete", (await s.call(["delete", "-"], { input })).code);
    s.see("after delete", statuses(await s.list()));
  }),
  scenario(
    "id prints the ids of a name, pid the pids",
    async (s) => {
      await s.start({ name: "a", script: "tells.cjs", instances: 2, exec_mode: "fork" });
      s.see("id", (await s.ok("id", "a")).trim());
      s.see("id of nobody", (await s.run("id", "nobody")).stdout.trim());
      const pids = (await s.list()).map(({ pid }) => String(pid));
      const said = (await s.ok("pid", "a")).trim().split("\n");
      s.see("pid", said.length === 2 && said.every((each) => pids.includes(each)));
      const all = (await s.ok("pid")).trim().split("\n");
      s.see("pid without a name", all.filter((each) => /^\d+$/.test(each)).length);
    },
    { sample: true },
  ),
  scenario("a name of two apps in two namespaces acts on both", async (s) => {
    await s.start([
      { name: "a", script: "tells.cjs", namespace: "red" },
      { name: "a", script: "tells.cjs", namespace: "blue" },
    ]);
    s.see("after start", statuses(await s.list()));
    await s.code("stop", "a");
    s.see("after stop", statuses(await s.list()));
  }),
  scenario("restart and reload by namespace and by regex", async (s) => {
    s.write("other.cjs", s.read("tells.cjs"));
    await three(s);
    await s.code("restart", "blue");
    await s.code("reload", "/^api/");
    s.see(
      "restarts",
      (await s.list()).map((each) => [each.name, each.pm2_env["restart_time"]]),
    );
  }),
  scenario("start all and start of a namespace start what is stopped", async (s) => {
    s.write("other.cjs", s.read("tells.cjs"));
    await three(s);
    await s.ok("stop", "all");
    await s.code("start", "blue");
    s.see("after the namespace", statuses(await s.list()));
    await s.code("start", "all");
    s.see("after all", statuses(await s.list()));
    s.see(
      "restarts",
      (await s.list()).map((each) => [each.name, each.pm2_env["restart_time"]]),
    );
  }),
];
