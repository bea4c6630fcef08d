import type { AppSpec } from "../../machines/spec.ts";
import type { AppSettings, Client, ProcessView } from "../../runtime/client/connection/types.ts";
import { isEcosystemFile } from "../../runtime/client/config/load.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { tellOutcomes } from "../render/outcomes.ts";
import { isFile, readApps, readNames, usualFile } from "./read-apps.ts";
import { matchNamed, resolveTargets } from "./targets.ts";

/** A job that is managed, and what it is from now on. */
export interface JobMeant {
  readonly id: number;
  readonly name: string;
  readonly settings?: AppSettings;
}

/**
 * The job that a call of `run` means: one that is managed, or one of an ecosystem file, which is declared without being
 * started. What it depends on is started.
 * @throws `ERR_USAGE`, `ERR_NOT_A_JOB`, `ERR_PROCESS_NOT_FOUND`.
 */
export async function jobMeant(
  client: Client,
  words: readonly string[],
  options: { readonly only: string | undefined; readonly environment: string | undefined },
): Promise<JobMeant> {
  const [target, ...others] = words;
  if (target === undefined || others.length > 0) {
    throw xmError("ERR_USAGE", {
      what: target === undefined ? "no job named" : `one job at a time is run, not ${words.length}`,
      fix: "for example `xm run migrate`, `xm run migrate -- --dry-run`",
    });
  }
  if (target === "-" || (isEcosystemFile(target) && isFile(target)))
    return ofFile(client, target, options);
  for (const flag of ["only", "env"] as const) {
    if (options[flag === "env" ? "environment" : flag] === undefined) continue;
    throw xmError("ERR_USAGE", {
      what: `--${flag} is about an ecosystem file, and ${target} is none`,
      fix: `for example \`xm run ecosystem.config.js --only ${target}\``,
    });
  }
  const known = matchNamed(await client.list(), target);
  if (known.length > 0) return only(known, target);
  const file = usualFile();
  if (file !== undefined && (await readNames(file, {})).includes(target))
    return ofFile(client, file, { ...options, only: target });
  return only(await resolveTargets(client, [target]), target);
}

function only(found: readonly ProcessView[], target: string): JobMeant {
  const [first, ...others] = found;
  if (first === undefined) throw xmError("ERR_PROCESS_NOT_FOUND", { target });
  if (others.length > 0) {
    throw xmError("ERR_USAGE", {
      what: `${target} matches several processes`,
      fix: `name one: ${found.map(({ id }) => id).join(", ")}`,
    });
  }
  if (first.type !== "oneshot") throw xmError("ERR_NOT_A_JOB", { name: first.name });
  return { id: first.id, name: first.name };
}

async function ofFile(
  client: Client,
  file: string,
  options: { readonly only: string | undefined; readonly environment: string | undefined },
): Promise<JobMeant> {
  const [spec, ...others] = await readApps(file, options);
  if (spec === undefined || others.length > 0) {
    const names = [spec, ...others].map((each) => each?.name);
    throw xmError("ERR_USAGE", {
      what: `${file} has several apps: ${names.join(", ")}`,
      fix: `name one: \`xm run ${file} --only ${names[0]}\``,
    });
  }
  if (spec.policy.restart.job === undefined) throw xmError("ERR_NOT_A_JOB", { name: spec.name });
  const isMeant = ({ name, namespace }: ProcessView): boolean =>
    name === spec.name && namespace === spec.namespace;
  const known = (await client.list()).find(isMeant);
  // Declared and not started: the run itself starts it, with its own arguments.
  const declared: AppSpec[] = known === undefined ? [{ ...spec, autostart: false }] : [];
  const needed =
    spec.dependsOn.length === 0
      ? []
      : (await readApps(file, { ...options, only: spec.name, takesNeeded: true })).filter(
          ({ name }) => name !== spec.name,
        );
  const apps = [...needed, ...declared];
  if (apps.length > 0) {
    const outcomes = client.declare({ apps, known: "leave", by: "`xm run`" });
    await tellOutcomes({ outcomes, doing: "starting" });
  }
  const found = known ?? (await client.list()).find(isMeant);
  if (found === undefined) throw xmError("ERR_PROCESS_NOT_FOUND", { target: spec.name });
  return { id: found.id, name: found.name, settings: { key: found.app, spec } };
}
