import {
  fifty,
  listing,
  many,
  memory,
  nextLife,
  perApp,
  survival,
  type Figure,
} from "./figures.ts";
import { inspection, journal, viewers } from "./inspector.ts";
import { preload, reloads, schedulings, throughput } from "./reload.ts";
import { lists } from "./lists.ts";
import { changedOutput } from "./changed-output.ts";
import { output } from "./output.ts";
import { shim } from "./shim.ts";
import { pm2Manager, xmManager } from "./manager.ts";

/**
 * `npm run bench`: speed and memory as ratios measured in one run, beside PM2. `BENCH_ROUNDS` (default 5) is how
 * often each contestant has its turn; `BENCH_ONLY=listing,fifty` leaves the rest out; `BENCH_PM2=off` PM2.
 */
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5);
const only = process.env["BENCH_ONLY"]?.split(",");
const xm = xmManager();
const managers = process.env["BENCH_PM2"] === "off" ? [xm] : [xm, await pm2Manager()];

const parts: Readonly<Record<string, () => Promise<Figure[]>>> = {
  memory: async () => {
    for (const each of managers) await each.call("ping");
    return memory(managers);
  },
  listing: () => listing(managers, rounds * 4),
  fifty: () => fifty(managers, Math.min(rounds, 3)),
  nextLife: () => nextLife(managers, rounds * 2),
  output: () => output(managers, rounds),
  changedOutput: () => changedOutput(managers, rounds),
  perApp: () => perApp(managers),
  survival: () => survival(managers),
  reloads: () => reloads(managers),
  throughput: () => throughput(managers, rounds),
  preload: () => preload(rounds * 8),
  shim: () => shim(rounds * 60),
  schedulings: () => schedulings(xm),
  many: () => many(xm, rounds * 2),
  lists: () => lists(managers, Math.min(rounds, 3)),
  inspection: () => Promise.resolve(inspection(rounds * 20)),
  journal: () => journal(),
  viewers: () => viewers(xm),
};

const figures: Figure[] = [];
try {
  for (const each of managers) await each.call("ping");
  for (const [name, measure] of Object.entries(parts)) {
    if (only !== undefined && !only.includes(name)) continue;
    process.stderr.write(`measuring ${name} …\n`);
    figures.push(...(await measure()));
  }
} finally {
  for (const each of managers) await each.end();
}
const names = managers.map(({ name }) => name);
const rows = figures.map(({ name, goal, values }) => [
  name,
  ...names.map((each) => values[each] ?? "–"),
  goal,
]);
const head = ["figure", ...names, "goal"];
process.stdout.write(
  `${[head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")}\n`,
);
