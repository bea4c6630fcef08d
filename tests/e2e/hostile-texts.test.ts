import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeRecord, historyEntry } from "../../runtime/contract/history.ts";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";

const escape = "\u001B";

/** What a hostile program puts into every text that it can choose. */
const evil = `${escape}]0;owned\u0007${escape}]52;c;aGk=${escape}\\${escape}[2J\u009B1A\u202Eevil\nforged`;

const app = `
const evil = ${JSON.stringify(evil)};
const say = (message) => process.send?.(message);
say({ type: "axm:monitor", data: { [evil]: { value: evil, unit: evil }, none: null, number: { value: 5 } } });
say({ type: "axm:action", data: { action_name: evil } });
process.on("message", (message) => {
  const name = message.action_name ?? message.msg ?? message;
  if (typeof name === "string") say({ type: "axm:reply", data: { action_name: name, return: evil } });
});
console.log(evil);
console.error(evil);
setInterval(() => {}, 1000);
`;

/** Controls that move a terminal, and all colours: without a terminal none of them is ours. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controls = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/u;

test("no command prints a control of a terminal that a program has chosen", async () => {
  const home = testHome();
  const script = home.file("evil.cjs", app);
  home.file("package.json", JSON.stringify({ name: "evil", version: evil }));
  await home.ok("start", script, "--name", "evil", "--", evil);
  const crash = home.file("crash.cjs", `console.error(${JSON.stringify(evil)}); process.exit(1)`);
  const broken = ["--name", "broken", "--max-restarts", "1", "--restart-delay", "1"];
  await home.xm("start", crash, ...broken, "--", evil);
  await until("the metrics", async () => {
    const shown = await home.ok("describe", "evil");
    return shown.includes("owned") && shown.includes("xm trigger");
  });
  const commands: string[][] = [
    ["ls"],
    ["ls", "-m"],
    ["ls", "--sort", "name:desc"],
    ["jlist"],
    ["prettylist"],
    ["describe", "evil"],
    ["describe", "broken"],
    ["why", "evil"],
    ["why", "broken"],
    ["history", "--all"],
    ["history", "--json"],
    ["logs", "--nostream", "--json"],
    ["env", "evil"],
    ["env", "1"],
    ["report"],
    ["trigger", "evil", evil],
    ["trigger", "evil", "unknown"],
    ["send", "evil", evil],
    ["set", "evil:key", evil],
    ["get", "evil:key"],
    ["conf"],
    ["restart", "evil", "--update-env"],
    ["reload", "evil"],
    ["restart", evil],
    ["describe", evil],
    ["start", evil],
    ["start", script, "--name", evil],
    ["scale", "evil", evil],
    ["sendSignal", evil, "evil"],
    ["chart", evil],
    ["completion", "--names"],
    ["daemon", "status"],
    ["save"],
    ["stop", "evil"],
    ["delete", "broken"],
    ["simulate", "--crash-after", evil],
    [evil],
  ];
  for (const command of commands) {
    for (const env of [{}, { FORCE_COLOR: "1", COLUMNS: "400" }]) {
      const { stdout, stderr } = await home.run(command, { env });
      const shown = (stdout + stderr).replaceAll(ownColor, "");
      expect([command, controls.exec(shown)?.[0], shown.includes("\nforged")]).toEqual([
        command,
        undefined,
        // A script that asks for one setting gets it with its lines.
        command[0] === "get",
      ]);
    }
  }
});

/** What `paint` writes, and nothing else. */
// oxlint-disable-next-line no-control-regex -- a colour begins with one
const ownColor = /\u001B\[(?:0|1|2|31|32|33|34|35|36|90)m/g;

test("a damaged history costs its damaged records alone", async () => {
  const home = testHome();
  await home.ok("start", home.file("stays.cjs", "setInterval(() => {}, 1000)"), "--name", "s");
  const folder = join(home.paths.home, "history");
  const [name = ""] = await until("the history", () => {
    const names = readdirSync(folder);
    return names.length > 0 && names;
  });
  const good = {
    ...historyEntry({
      at: Date.now(),
      kind: "process",
      event: "e",
      id: 0,
      name: "s",
      status: "online",
    }),
    seq: 500,
  };
  const damaged = [
    { ...good, seq: 501, at: 1e300 },
    { ...good, seq: 502, kind: "reload", reload: {} },
    { ...good, seq: 503, decision: { sentence: 5 } },
    { ...good, seq: 504, status: "unheard-of" },
    { ...good, seq: 505, name: null },
    { ...good, seq: 1e300 },
    null,
    [],
    "text",
  ];
  const lines = damaged.map((each) => JSON.stringify(each));
  appendFileSync(
    join(folder, name),
    [...lines, "{", "\u0000", encodeRecord(good as never)].join("\n"),
  );
  const shown = await home.ok("history", "--json");
  const seqs = shown
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { seq: number }).seq);
  expect(seqs.at(-1)).toBe(500);
  await home.ok("history", "--all");
  await home.ok("why", "s");
  const opened = JSON.parse(await home.ok("inspect", "--json")) as { port: number; token: string };
  const answer = await fetch(`http://127.0.0.1:${opened.port}/inspector/timeline?since=0`, {
    headers: { authorization: `Bearer ${opened.token}` },
  });
  expect(answer.status).toBe(200);
});
