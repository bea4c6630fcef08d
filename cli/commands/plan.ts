import type { AppSpec } from "../../machines/spec.ts";
import type { SeenTimes } from "../../runtime/client/advise/index.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import { XmError, xmError } from "../../runtime/contract/errors.ts";
import { planArgs, readPlan } from "../apps/plan-flags.ts";
import { readApps, usualFile } from "../apps/read-apps.ts";
import { reportError } from "../call/report-error.ts";
import { xmCommand } from "../call/command.ts";
import { planAsData, renderPlan, takenFor } from "../render/plan.ts";

export default xmCommand({
  name: "plan",
  description: "Shows what starting, reloading or stopping a file would do, without doing it",
  args: planArgs,
  run: async ({ args }) => {
    const given = args as Record<string, unknown> & { _: string[] };
    const file = fileOf(given._);
    const left: string[] = [];
    const specs = await readApps(file, {
      environment: args.env,
      only: args.only,
      profile: args.profile,
      takesNeeded: true,
      leaveOut: (fault) => left.push(fault),
    });
    const { action, lives, times: wanted } = readPlan(given, specs);
    const seen = await seenTimes(specs);
    const times = takenFor(specs, { wanted, seen });
    const { planOf } = await import("../../runtime/plan/index.ts");
    const known = new Map([...times].map(([name, each]) => [name, each.times]));
    const slowest = new Map(
      [...seen].flatMap(([name, { slowestBootMs }]) =>
        slowestBootMs === undefined ? [] : [[name, slowestBootMs] as const],
      ),
    );
    const plan = await planOf(action, specs, { lives, times: known, slowest });
    process.stdout.write(
      args.json === true
        ? `${JSON.stringify(planAsData(plan, { file, specs, times }))}\n`
        : `${renderPlan(plan, { file, specs, times })}\n`,
    );
    const isFound = plan.findings.some(({ level }) => level === "error" || args.strict === true);
    if (isFound) process.exitCode = 1;
    if (left.length > 0) reportError(xmError("ERR_APPS_LEFT_OUT", { file, faults: left }));
  },
});

function fileOf(words: readonly string[]): string {
  const [file = usualFile(), ...others] = words;
  if (file !== undefined && others.length === 0) return file;
  throw xmError("ERR_USAGE", {
    what:
      file === undefined ? "no file named" : `one file at a time is planned, not ${words.length}`,
    fix: "for example `xm plan ecosystem.config.js`",
  });
}

/** As much of an app's history as a daemon answers at once. */
const mostRecords = 10_000;

/** How long the apps have taken so far, from the history of the home. Without a daemon nothing is known. */
async function seenTimes(specs: readonly AppSpec[]): Promise<Map<string, SeenTimes>> {
  const client = connect({ autostart: false });
  const seen = new Map<string, SeenTimes>();
  const { storyOf, timesOf } = await import("../../runtime/client/advise/index.ts");
  try {
    for (const { name } of specs) {
      const records = await client.history({
        apps: [name],
        kinds: ["process"],
        limit: mostRecords,
      });
      const times = timesOf(storyOf(records));
      if (times.starts > 0) seen.set(name, times);
    }
  } catch (error) {
    if (!(error instanceof XmError)) throw error;
  }
  return seen;
}
