import { connect } from "../../runtime/client/connection/client.ts";
import type { Client, ProcessDetail } from "../../runtime/client/connection/types.ts";
import type { Advice } from "../../runtime/client/advise/index.ts";
import { plain } from "../../runtime/contract/plain.ts";
import { targetArgs, xmCommand } from "../call/command.ts";
import { resolveTargets } from "../apps/targets.ts";
import { paint } from "../render/colors.ts";

export default xmCommand({
  name: "advise",
  description: "Compares the declaration of apps with their own history, and proposes changes",
  args: {
    ...targetArgs,
    json: { type: "boolean", description: "as JSON" },
  },
  run: async ({ args }) => {
    const client = connect();
    const chosen = await resolveTargets(client, args._.length === 0 ? ["all"] : args._);
    const apps = new Map(chosen.map(({ id, app }) => [app, id]));
    const found: { app: string; advice: Advice[]; records: number }[] = [];
    for (const [app, id] of apps) {
      const detail = await client.detail(id, { usage: true });
      found.push({ app: detail.name, ...(await adviceFor(client, app, detail)) });
    }
    if (args.json === true) {
      process.stdout.write(`${JSON.stringify(found)}\n`);
      return;
    }
    process.stdout.write(`${found.map(render).join("\n\n")}\n`);
  },
});

/** As much of an app's history as a daemon answers at once. */
const mostRecords = 10_000;

async function adviceFor(
  client: Client,
  app: string,
  detail: ProcessDetail,
): Promise<{ advice: Advice[]; records: number }> {
  const { advise, storyOf } = await import("../../runtime/client/advise/index.ts");
  // oxlint-disable-next-line no-restricted-imports -- replays crashes, from a bundle of its own
  const { simulate } = await import("../../machines/simulation.ts");
  const records = await client.history({
    apps: [app],
    kinds: ["process"],
    limit: mostRecords,
  });
  const { spec, usage } = detail;
  const story = storyOf(records);
  const advice = advise({ spec, story, usage, now: Date.now(), simulate });
  return { advice, records: records.length };
}

function render({
  app,
  advice,
  records,
}: {
  app: string;
  advice: Advice[];
  records: number;
}): string {
  const head = paint("bold", plain(app));
  if (advice.length === 0)
    return `${head}: nothing to change after ${records} records of its history`;
  const lines = advice.flatMap(({ field, from, to, evidence }) => [
    ...(from === null ? [] : [paint("red", `-   ${field}: ${shown(from)},`)]),
    paint("green", `+   ${field}: ${shown(to)},`),
    paint("grey", `    // ${evidence}`),
  ]);
  return [head, ...lines].join("\n");
}

function shown(value: number | string): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}
