import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { ratio, type Figure } from "./figures.ts";
import { interleave, median, pause, usage } from "./measure.ts";
import { put, type Manager } from "./manager.ts";

const bytes = 100_000_000;

/** Writes a million lines of 100 bytes, and says in a file beside itself when it began. */
const script = [
  'const { writeFileSync, writeSync } = require("node:fs");',
  'const block = Buffer.from(`${"x".repeat(99)}\\n`.repeat(1000));',
  "writeFileSync(`${__filename}.began`, String(Date.now()));",
  "for (let n = 0; n < 1000; n += 1) {",
  "  for (let done = 0; done < block.length; ) {",
  "    try { done += writeSync(1, block, done); } catch (error) { if (error.code !== 'EAGAIN') throw error; }",
  "  }",
  "}",
  "setInterval(() => {}, 1 << 30);",
].join("\n");

/** A million lines of output until all of them are in the file, over the same program redirected by a shell. */
export async function output(managers: readonly Manager[], rounds: number): Promise<Figure[]> {
  const daemonCpu: Record<string, number[]> = {};
  const first = managers[0] as Manager;
  const times = await interleave(rounds, {
    shell: async () => {
      const app = put(first, "shell-lines.cjs", script);
      const file = join(first.folder, "lines.out");
      rmSync(file, { force: true });
      const command = `exec "${process.execPath}" "${app}" > "${file}"`;
      const child = spawn("/bin/sh", ["-c", command], { stdio: "ignore" });
      const ms = await completed(app, file);
      child.kill("SIGKILL");
      return ms;
    },
    ...Object.fromEntries(
      managers.map((each) => [
        each.name,
        async () => {
          const app = put(each, "lines.cjs", script);
          const file = each.logFile("lines");
          rmSync(file, { force: true });
          const before = usage(each.godPid()).cpuMs;
          const starting = each.call("start", app);
          const ms = await completed(app, file);
          await starting;
          (daemonCpu[each.name] ??= []).push(usage(each.godPid()).cpuMs - before);
          await each.call("delete", "all");
          return ms;
        },
      ]),
    ),
  });
  const pick = (show: (name: string) => string): Figure["values"] =>
    Object.fromEntries(managers.map(({ name }) => [name, show(name)]));
  return [
    {
      name: "1 000 000 lines ÷ shell redirect",
      goal: "≤ 1.05",
      values: pick((name) => ratio(times[name] ?? 0, times["shell"] ?? 1)),
    },
    {
      name: "daemon CPU for them",
      goal: "≤ 0.1 s",
      values: pick((name) => `${(median(daemonCpu[name] ?? []) / 1_000).toFixed(2)} s`),
    },
  ];
}

/** From the program's first line until the last is in the file, ms. */
async function completed(app: string, file: string): Promise<number> {
  const began = `${app}.began`;
  while (!existsSync(file) || statSync(file).size < bytes) await pause(1);
  const ms = Date.now() - Number(readFileSync(began, "utf8"));
  rmSync(began);
  return ms;
}
