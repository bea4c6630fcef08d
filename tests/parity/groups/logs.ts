import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../support/condition.ts";
import { fieldsOf } from "../fields-of.ts";
import { scenario, type Scenario } from "../scenario.ts";

/** Writes a line to each stream, and more when a file `go-N` appears. */
const speaks = `const fs = require("fs"); let n = 0;
console.log("out line"); console.error("err line");
setInterval(() => { if (fs.existsSync(__dirname + "/go-" + n)) { console.log("out " + n); console.error("err " + n); n += 1; } }, 20);`;

/** An app's log fields, and the files that come of them; `NAME!N` is waited for until it has so many lines. */
const files = (rule: string, app: object, names: readonly string[]): Scenario =>
  scenario(`log files: ${rule}`, async (s) => {
    s.write("speaks.cjs", speaks);
    s.write("sub/.keep", "");
    await s.start({ name: "a", script: "speaks.cjs", ...app });
    const wanted = names
      .map((each) => each.split("!"))
      .map(([name = "", count]) => ({ name, count: Number(count) }));
    await until(
      "the lines",
      () => wanted.every(({ name, count }) => !(lines(s.read(name)).length < count)),
      {
        saw: () => wanted.map(({ name }) => s.read(name)),
      },
    );
    s.see(
      "contents",
      Object.fromEntries(
        wanted.map(({ name }) => [name, s.has(name) ? lines(s.read(name)) : null]),
      ),
    );
    s.see(
      "beside the app",
      readdirSync(s.folder)
        .filter((name) => name.endsWith(".log"))
        .sort(),
    );
    s.see("in logs", readdirSync(join(s.home, "logs")).sort());
  });

/** The lines of a file in the order of the alphabet: two processes, or two streams, race. */
function lines(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map(withoutTime)
    .sort();
}

/** A time of the day in any of the usual forms. */
function withoutTime(line: string): string {
  return line
    .replaceAll(/\d{4}-\d\d-\d\d[T -]\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-]\d\d:?\d\d)?/g, "TIME")
    .replaceAll(/\d\d:\d\d:\d\d/g, "CLOCK");
}

const out = "h/logs/a-out.log";
const error = "h/logs/a-error.log";

/** What `logs` says of two apps that have spoken. */
const shows = (...words: string[]): Scenario => showsBut({}, ...words);

/** The same, where it differs on purpose. */
const showsBut = (differs: Readonly<Record<string, string>>, ...words: string[]): Scenario =>
  scenario(
    `logs ${words.join(" ")} --nostream shows lines`,
    async (s) => {
      s.write("speaks.cjs", speaks);
      await s.start([
        { name: "a", script: "speaks.cjs", namespace: "red" },
        { name: "b", script: "speaks.cjs", namespace: "blue" },
      ]);
      await s.untilLog("a-error.log", "err line");
      await s.untilLog("b-error.log", "err line");
      const ran = await s.run("logs", ...words, "--nostream");
      s.see("exit code", ran.code);
      const shown = `${ran.stdout}\n${ran.stderr}`
        .split("\n")
        .filter((line) => /(out|err) line/.test(line));
      s.see("lines", shown.map((line) => withoutTime(line.replaceAll(/ +\|/g, " |"))).sort());
    },
    { differs },
  );

/** What `logs` says of lines that are written while it follows. */
const follows = (rule: string, words: readonly string[]): Scenario =>
  scenario(`logs ${words.join(" ")} follows: ${rule}`, async (s) => {
    s.write("speaks.cjs", speaks);
    await s.start({ name: "a", script: "speaks.cjs" });
    await s.untilLog("a-error.log", "err line");
    const following = s.follow("logs", "a", "--lines", "0", ...words);
    let n = 0;
    const seen = (): string[] =>
      following
        .said()
        .split("\n")
        .filter((line) => /(out|err) \d/.test(line));
    await until("a line", () => {
      s.write(`go-${(n += 1) - 1}`, "");
      return seen().length >= 2;
    });
    await following.end();
    const kinds = new Set(
      seen().map((line) =>
        withoutTime(line.replaceAll(/ +\|/g, " |")).replace(/(out|err) \d+/, "$1 N"),
      ),
    );
    s.see("lines", [...kinds].sort());
  });

/** Where lines go and how they look. */
export const logs: readonly Scenario[] = [
  files("by default", {}, [`${out}!1`, `${error}!1`]),
  files("out_file and error_file", { out_file: "out.log", error_file: "error.log" }, [
    "out.log!1",
    "error.log!1",
    out,
  ]),
  files("one file for both", { out_file: "both.log", error_file: "both.log" }, ["both.log!2"]),
  files("in a folder that is not there", { out_file: "deep/er/out.log" }, ["deep/er/out.log!1"]),
  files("log_file beside the two", { log_file: "combined.log" }, [
    "combined.log!2",
    `${out}!1`,
    `${error}!1`,
  ]),
  files("log_file: true", { log_file: true }, ["h/logs/a.log!2", `${out}!1`, `${error}!1`]),
  files("disable_logs", { disable_logs: true, args: "x" }, [out, error]),
  files("/dev/null for one", { out_file: "/dev/null" }, [`${error}!1`, out]),
  files("NULL for one", { out_file: "NULL" }, [`${error}!1`, out]),
  files("~ is the user's home", { out_file: "~/out.log" }, ["user/out.log!1"]),
  files("relative to cwd", { out_file: "./logs/out.log", cwd: "sub", script: "../speaks.cjs" }, [
    "sub/logs/out.log!1",
  ]),
  files("log_date_format", { log_date_format: "YYYY-MM-DD HH:mm:ss" }, [`${out}!1`, `${error}!1`]),
  files("log_date_format with a zone", { log_date_format: "YYYY-MM-DD HH:mm:ss Z" }, [`${out}!1`]),
  files("log_date_format with words", { log_date_format: "[at] HH:mm:ss" }, [`${out}!1`]),
  files("time", { time: true }, [`${out}!1`, `${error}!1`]),
  files("log_type json", { log_type: "json" }, [`${out}!1`, `${error}!1`]),
  files(
    "log_type json with log_date_format",
    { log_type: "json", log_date_format: "YYYY-MM-DD HH:mm:ss" },
    [`${out}!1`],
  ),
  files("several instances", { instances: 2, exec_mode: "fork" }, [
    "h/logs/a-out-0.log!1",
    "h/logs/a-out-1.log!1",
  ]),
  files(
    "several instances with merge_logs",
    { instances: 2, exec_mode: "fork", merge_logs: true },
    [`${out}!2`],
  ),
  files(
    "several instances with a file of their own",
    { instances: 2, exec_mode: "fork", out_file: "out.log", error_file: "error.log" },
    ["out-0.log!1", "out-1.log!1", "error-0.log!1", "error-1.log!1", "out.log"],
  ),
  files(
    "several instances with a file of their own and merge_logs",
    { instances: 2, exec_mode: "fork", out_file: "out.log", merge_logs: true },
    ["out.log!2"],
  ),
  scenario("log files: cluster mode", async (s) => {
    s.write("speaks.cjs", speaks);
    await s.run(
      "start",
      s.write("apps.json", { name: "a", script: "speaks.cjs", exec_mode: "cluster" }),
    );
    const written = (): string[] =>
      readdirSync(join(s.home, "logs"))
        .filter((name) => s.log(name) !== "")
        .sort();
    await until("both lines", () => written().length === 2);
    s.see("in logs", written());
  }),
  files(
    "a command of a shell",
    { script: "echo out line; echo err line >&2; exec sleep 1000000" },
    [`${out}!1`, `${error}!1`],
  ),
  shows(),
  shows("a"),
  shows("0"),
  shows("all"),
  showsBut({ lines: "logs of a namespace" }, "blue"),
  shows("/^a/"),
  showsBut({ "exit code": "xm logs of an unknown name" }, "nobody"),
  shows("a", "--raw"),
  shows("a", "--out"),
  shows("a", "--err"),
  shows("a", "--lines", "1"),
  shows("a", "--lines", "0"),
  follows("a prefix of id and name", []),
  follows("without a prefix", ["--raw"]),
  follows("the output only", ["--out"]),
  follows("records as JSON", ["--json"]),
  follows("records as key=value", ["--format"]),
  follows("times before the lines", ["--timestamp"]),
  follows("times in a format", ["--timestamp", "YYYY-MM-DD HH:mm:ss"]),
  follows("with a word lit", ["--highlight", "out"]),
  scenario(
    "logging goes on in the same files after restart, reload and stop",
    async (s) => {
      await s.start({ name: "a", script: "tells.cjs", args: "out=x" });
      await s.untilLog("a-out.log", "x\n");
      await s.ok("restart", "a");
      await s.untilLog("a-out.log", "x\nx\n");
      await s.ok("reload", "a");
      await s.untilLog("a-out.log", "x\nx\nx\n");
      await s.ok("stop", "a");
      await s.ok("start", "a");
      await s.untilLog("a-out.log", "x\nx\nx\nx\n");
      s.see("log", s.log("a-out.log"));
    },
    { sample: true },
  ),
  scenario("flush empties the files of all, of a name, and logging goes on", async (s) => {
    s.write("speaks.cjs", speaks);
    await s.start([
      { name: "a", script: "speaks.cjs" },
      { name: "b", script: "speaks.cjs" },
    ]);
    await s.untilLog("a-error.log", "err line");
    await s.untilLog("b-error.log", "err line");
    await s.code("flush", "a");
    s.see(
      "after flush a",
      ["a-out.log", "a-error.log", "b-out.log"].map((name) => s.log(name)),
    );
    s.write("go-0", "");
    await s.untilLog("a-out.log", "out 0");
    s.see("what is written then", s.log("a-out.log"));
    await s.code("flush");
    s.see(
      "after flush",
      ["a-out.log", "b-out.log", "b-error.log"].map((name) => s.log(name)),
    );
  }),
  scenario("reloadLogs makes removed files again", async (s) => {
    s.write("speaks.cjs", speaks);
    await s.start({ name: "a", script: "speaks.cjs" });
    await s.untilLog("a-error.log", "err line");
    rmSync(join(s.home, "logs/a-out.log"));
    await s.code("reloadLogs");
    await until("the file", () => s.has(out));
    s.write("go-0", "");
    await s.untilLog("a-error.log", "err 0");
    await s.untilLog("a-out.log", "out 0");
    s.see("what is said then is in it", s.log("a-out.log").includes("out 0"));
  }),
  scenario("delete leaves the log files", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", args: "out=x" });
    await s.untilLog("a-out.log", "x\n");
    await s.ok("delete", "a");
    s.see("log", s.log("a-out.log"));
  }),
  scenario("log flags: -o, -e, -l and --merge-logs make the files", async (s) => {
    s.write("speaks.cjs", speaks);
    await s.ok("start", "speaks.cjs", "--name", "one", "-o", "out.log", "-e", "error.log");
    await s.ok("start", "speaks.cjs", "--name", "two", "-l", "app.log");
    const read = async (name: string, text: string): Promise<void> => {
      await until(name, () => s.read(name).includes(text), { saw: () => s.read(name) });
      s.see(name, lines(s.read(name)));
    };
    await read("out.log", "out line");
    await read("error.log", "err line");
    await until(
      "both lines",
      () => s.read("app.log").includes("out line") && s.read("app.log").includes("err line"),
    );
    await read("app.log", "out line");
    s.see(
      "fields",
      (await s.list()).map((each) =>
        fieldsOf(each, ["pm_out_log_path", "pm_err_log_path", "pm_log_path"]),
      ),
    );
  }),
  scenario("log flags: --time, --log-date-format and --log-type change the lines", async (s) => {
    s.write("speaks.cjs", speaks);
    await s.ok("start", "speaks.cjs", "--name", "t", "--time");
    await s.ok("start", "speaks.cjs", "--name", "d", "--log-date-format", "HH:mm:ss");
    await s.ok("start", "speaks.cjs", "--name", "j", "--log-type", "json");
    for (const name of ["t", "d", "j"]) {
      await s.untilLog(`${name}-out.log`, "out line");
      s.see(name, lines(s.log(`${name}-out.log`)));
    }
  }),
  scenario("an uncaught exception's stack is in the error file", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", args: "throw", autorestart: false });
    await s.untilStatus("stopped");
    s.see("its message", s.log("a-error.log").includes("Error: thrown"));
  }),
  scenario("an unhandled rejection's stack is in the error file", async (s) => {
    await s.start({
      name: "a",
      script: "tells.cjs",
      args: "reject exit=0@500",
      autorestart: false,
    });
    await s.untilStatus("stopped");
    s.see("its message", s.log("a-error.log").includes("rejected"));
  }),
];
