import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { withLines } from "../../cli/monit/log-lines.ts";
import { emptyModel, withProcesses } from "../../cli/monit/model.ts";
import { drawn } from "../../cli/monit/rows.ts";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { runs, sampled } from "./generate.ts";

/** What moves a cursor, sets a title or a clipboard, hides text, turns it round, or looks like a line of ours. */
const controls = [
  "\u001B[2J", "\u001B[1A\u001B[2K", "\u001B[8m", "\u001B[31;1m", "\u001B]0;title\u0007", "\u001B]52;c;aGk=\u001B\\", "\u001B]8;;http://x\u001B\\",
  "\u001BP1$r0m\u001B\\", "\u001B#8", "\u001Bc", "\u009B2J", "\u009D0;x\u009C", "\u0090q\u009C", "\r", "\b\b\b", "\u0007", "\u0000", "\u007F", "\u000B", "\f",
  "\n", "\r\n", "\u0085", "\u2028", "\u2029", "\u202E", "\u2066", "\u2069", "\u200F", "\u061C", "\u200B", "\uFEFF", "\u{E0041}",
]; // prettier-ignore

const forged = "FORGED";

/** Such text, where a line that it makes would begin with a word that no line of ours begins with. */
const hostile: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...controls) },
      { weight: 2, arbitrary: fc.constantFrom(`\n${forged}`, `\r${forged}`, `\u2028${forged}`) },
      { weight: 1, arbitrary: fc.constantFrom("api", "│", "日本", "%s", "\\u001b") },
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => `x${parts.join("")}`);

/** No colour is asked for and none is printed, so that whatever is left of one has come from elsewhere. */
const unclean =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/u;

// oxlint-disable-next-line no-control-regex -- a colour begins with one
const color = /\u001B\[[\d;:]*m/g;

function expectClean(what: string, text: string): void {
  expect(text.match(unclean)?.index ?? "clean", `${what}: ${JSON.stringify(text)}`).toBe("clean");
  const lines = text.split("\n").filter((line) => line.startsWith(forged));
  expect(lines, `${what}: ${JSON.stringify(text)}`).toEqual([]);
}

/** Tells of itself, in every way that an app has, what is in a file; fails with the rest when it is asked to. */
const app = `
const fs = require("node:fs");
const texts = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const metrics = Object.fromEntries(texts.map((text, n) => [text, { value: texts[(n + 1) % texts.length], unit: texts[(n + 2) % texts.length], type: text }]));
process.send({ type: "axm:monitor", data: { ...metrics, nothing: { value: null }, yes: { value: true }, figure: { value: 1e300, unit: null } } });
for (const text of texts) process.send({ type: "axm:action", data: { action_name: text, action_type: text, arity: 0 } });
process.send({ type: "axm:action", data: { action_name: "fail", arity: 0 } });
process.on("message", (message) => {
  const msg = message?.msg ?? message;
  if (msg === "fail") {
    process.stderr.write(texts.join(""));
    const error = new TypeError(texts.join(""));
    error.name = texts[0];
    throw error;
  }
  if (texts.includes(msg)) process.send({ type: "axm:reply", data: { action_name: msg, return: texts } });
});
setInterval(() => {}, 1e6);
`;

async function tellEverywhere(home: TestHome, texts: readonly string[]): Promise<void> {
  const [first = "x"] = texts;
  // A folder's name and git's files hold anything but a NUL and a slash.
  const named = first.replaceAll(/[\0/]/g, "_");
  const folder = join(home.folder, named);
  const put = (name: string, text: string): string => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  put("package.json", JSON.stringify({ name: first, version: texts.join("") }));
  put(".git/HEAD", `ref: refs/heads/${first}\n`);
  put(".git/config", `[remote "origin"]\n\turl = ${first}\n`);
  put(".git/COMMIT_EDITMSG", texts.join(""));
  const said = put("texts.json", JSON.stringify(texts));
  const script = put("app.cjs", app);
  const words = texts.map((text) => text.replaceAll("\0", "_"));
  const environment = { TOLD: words.join("") };
  const start = ["start", script, "--name", "told", "--cwd", folder, "--no-autorestart"];
  const { code, stdout, stderr } = await home.run([...start, "--", said, ...words], { env: environment }); // prettier-ignore
  expect(code, `${stdout}${stderr}`).toBe(0);
  await until("what it says of itself", async () => {
    const [detail] = await home.client().details();
    return (detail?.actions ?? []).some(({ action_name: name }) => name === "fail");
  });
}

test("whatever an app says of itself, nothing of it moves a cursor or makes a line of ours", async () => {
  for (const texts of sampled(fc.array(hostile, { minLength: 3, maxLength: 12 }), runs(1))) {
    const home = testHome();
    const see = async (...args: string[]): Promise<void> => {
      const { code, stdout, stderr } = await home.run(args);
      expect([0, 1], `${args.join(" ")}: ${stderr}`).toContain(code);
      expect(stderr).not.toContain("bug in Ex Machina");
      expectClean(args.join(" "), `${stdout}${stderr}`);
    };
    await tellEverywhere(home, texts);
    for (const command of [["ls"], ["describe", "told"], ["env", "0"], ["why", "told"], ["monit", "--help"]])
      await see(...command); // prettier-ignore
    const named = (texts[0] ?? "").replaceAll("\0", "_");
    for (const command of [["trigger", "told", named], ["stop", named], ["start", named], ["describe", named], ["set", named, named], ["start", named, "--name", named], ["history", named]])
      await see(...command); // prettier-ignore
    await see("conf");
    await see("trigger", "told", "fail");
    await until("its end", async () => (await home.process("told")).status !== "online");
    for (const command of [["ls"], ["describe", "told"], ["why", "told"], ["history"], ["history", "told"], ["daemon", "status"]])
      await see(...command); // prettier-ignore
    await see("restart", "told");
    await home.ok("delete", "all");
  }
});

test("whatever is in a list, the screen of `xm monit` is drawn with our own controls alone", () => {
  for (const texts of sampled(fc.array(hostile, { minLength: 6, maxLength: 6 }), runs(200))) {
    const [name, namespace, version, reason, line, other] = texts;
    const plainly = { failure: null, decision: null, waitsFor: [], troubles: [] };
    const reasons = [
      { ...plainly, failure: { message: reason } },
      { ...plainly, waitsFor: [{ app: reason, condition: other }] },
      { ...plainly, troubles: [{ sensor: other, reason }] },
      { ...plainly, decision: reason },
      { ...plainly, health: "unhealthy", finding: reason },
      { ...plainly, group: { name: other, strategy: "one_for_all", step: other, restarts: 0, maxRestarts: 1, why: reason } },
    ]; // prettier-ignore
    for (const why of reasons) {
      const view = {
        id: 0, name, namespace, version, status: "errored", restarts: 1, cpuPercent: 1, memoryBytes: 1, startedAt: 0, ...why,
      } as unknown as Parameters<typeof withProcesses>[1][number]; // prettier-ignore
      const model = withLines(withProcesses(emptyModel, [view]), [{ stream: "out", line: `LOG${line}` }]); // prettier-ignore
      for (const row of drawn(model, { width: 300, height: 40, now: 0 }).rows) {
        const text = row.map((piece) => piece.text).join("");
        // A log line keeps its colours and tabs.
        const isLog = text.includes("LOG");
        expectClean("a row", isLog ? text.replaceAll(color, "").replaceAll("\t", "") : text);
      }
    }
  }
});
