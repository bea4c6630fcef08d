import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, statSync } from "node:fs";
import { processesOf } from "../support/home.ts";
import { ratio, type Figure } from "./figures.ts";
import { interleave, pause, usage } from "./measure.ts";
import { put, type Manager } from "./manager.ts";

/** A million lines of 100 bytes and a last one, and when it began in a file beside itself. */
const script = [
  'const { writeFileSync, writeSync } = require("node:fs");',
  'const block = Buffer.from(`${"x".repeat(99)}\\n`.repeat(1000));',
  "const write = (bytes) => {",
  "  for (let done = 0; done < bytes.length; ) {",
  "    try { done += writeSync(1, bytes, done); } catch (error) { if (error.code !== 'EAGAIN') throw error; }",
  "  }",
  "};",
  "writeFileSync(`${__filename}.began`, String(Date.now()));",
  "for (let n = 0; n < 1000; n += 1) write(block);",
  'write(Buffer.from("the last line\\n"));',
  "setInterval(() => {}, 1 << 30);",
].join("\n");

const ways: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  time: ["--time"],
  json: ["--log-type", "json"],
  "log_file and its own": ["-l", "both.log"],
};

/** The same program with its lines changed: over its plain output under xm, and what the lane costs. */
export async function changedOutput(
  managers: readonly Manager[],
  rounds: number,
): Promise<Figure[]> {
  let laneKb = 0;
  const contestants = managers.flatMap((each) =>
    Object.entries(ways).map(
      ([way, flags]) =>
        [
          `${each.name} ${way}`,
          async () => {
            const app = put(each, "lines.cjs", script);
            const file = each.logFile("lines");
            rmSync(file, { force: true });
            const starting = each.call("start", app, ...flags);
            const ms = await completed(app, file);
            await starting;
            if (each.name === "xm" && way === "time") {
              const [found] = processesOf(each.home).filter(({ command }) =>
                command.includes("log lane"),
              );
              laneKb = Math.max(laneKb, usage(found?.pid ?? 0).rssKb);
            }
            await each.call("delete", "all");
            return ms;
          },
        ] as const,
    ),
  );
  const times = await interleave(rounds, Object.fromEntries(contestants));
  const base = times["xm plain"] ?? 1;
  const figures = Object.keys(ways)
    .filter((way) => way !== "plain")
    .map((way) => ({
      name: `1 000 000 lines with ${way} ÷ xm without`,
      goal: "",
      values: Object.fromEntries(
        managers.map(({ name }) => [name, ratio(times[`${name} ${way}`] ?? 0, base)]),
      ),
    }));
  const memory = `${(laneKb / 1024).toFixed(0)} MB`;
  return [...figures, { name: "log lane, resident after them", goal: "", values: { xm: memory } }];
}

/** From the program's first line until the last is in the file, ms. */
async function completed(app: string, file: string): Promise<number> {
  const began = `${app}.began`;
  while (!existsSync(file) || !lastBytes(file).includes("the last line")) await pause(2);
  const ms = Date.now() - Number(readFileSync(began, "utf8"));
  rmSync(began);
  return ms;
}

function lastBytes(file: string): string {
  const block = Buffer.alloc(200);
  const descriptor = openSync(file, "r");
  try {
    const start = Math.max(0, statSync(file).size - block.length);
    return block.toString("latin1", 0, readSync(descriptor, block, 0, block.length, start));
  } finally {
    closeSync(descriptor);
  }
}
