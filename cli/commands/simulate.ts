import type { AppSpec } from "../../machines/spec.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import { isEcosystemFile } from "../../runtime/client/config/load.ts";
import { fieldsOfPolicy } from "../../runtime/contract/fields/policy-fields.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { xmCommand } from "../call/command.ts";
import { detailsOf } from "../apps/one-process.ts";
import { readApps, readScript } from "../apps/read-apps.ts";
import { renderSimulation } from "../render/simulation.ts";
import { readSimulation, simulateArgs } from "../apps/simulate-flags.ts";

export default xmCommand({
  name: "simulate",
  description: "Simulates a restart policy on a virtual clock against a crashing program",
  args: {
    target: {
      type: "positional",
      description: "name of an app, or an ecosystem file; default: PM2's defaults",
      required: false,
    },
    ...simulateArgs,
  },
  run: async ({ args }) => {
    const given = args as Record<string, unknown> & { _: string[] };
    const wanted = readSimulation(given);
    const spec = wanted.override(await specOf(given._, wanted.only));
    const { crash, forMs, failingHooks } = wanted.check(spec);
    // oxlint-disable-next-line no-restricted-imports -- the one command that plays a statechart itself, from a bundle of its own
    const { simulate, crashing } = await import("../../machines/simulation.ts");
    const simulation = simulate({ spec, pattern: crashing(crash), forMs, failingHooks });
    const told = { app: spec.name, policy: fieldsOfPolicy(spec), simulation };
    process.stdout.write(
      given["json"] === true
        ? `${JSON.stringify({ app: told.app, policy: told.policy, crash, forMs, ...simulation })}\n`
        : `${renderSimulation(told)}\n`,
    );
  },
});

/** The one app that is meant. Only a name asks the daemon. */
async function specOf(targets: readonly string[], only: string | undefined): Promise<AppSpec> {
  const [target] = targets;
  if (targets.length > 1) {
    throw xmError("ERR_USAGE", {
      what: `expected one app to simulate, got ${targets.length}`,
      fix: `name one: \`xm simulate ${target}\``,
    });
  }
  if (target === "-" || (target !== undefined && isEcosystemFile(target))) {
    return onlyOne(await readApps(target, { only }), target, (name) => `--only ${name}`);
  }
  if (only !== undefined) {
    throw xmError("ERR_USAGE", {
      what: "--only selects an app of an ecosystem file, and no file is named",
      fix: "`xm simulate ecosystem.config.js --only api`, or the name alone for a declared app",
    });
  }
  if (target === undefined) {
    const specs = await readScript(
      { name: "app", script: process.execPath, interpreter: "none" },
      {},
    );
    return onlyOne(specs, "PM2's defaults", () => "");
  }
  const details = await detailsOf(connect(), [target]);
  return onlyOne(
    details.map(({ spec }) => spec),
    target,
    (name) => name,
  );
}

function onlyOne(
  specs: readonly AppSpec[],
  target: string,
  fixFor: (name: string) => string,
): AppSpec {
  const [first, ...others] = [...new Map(specs.map((spec) => [spec.name, spec])).values()];
  if (first === undefined) throw new Error("can't happen: a target has at least one app");
  if (others.length === 0) return first;
  const names = [first, ...others].map(({ name }) => name);
  throw xmError("ERR_USAGE", {
    what: `${target} has several apps: ${names.join(", ")}`,
    fix: `choose one, for example \`${fixFor(first.name)}\``,
  });
}
