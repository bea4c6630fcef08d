import type { AppContext } from "../../../machines/app-context.ts";
import type { GodContext } from "../../../machines/god.ts";
import type { GroupContext } from "../../../machines/group-reading.ts";
import type { ProcessContext } from "../../../machines/process-context.ts";
import type { ReloadContext } from "../../../machines/reload-events.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { jsonWithoutEnvironment } from "../registry/redaction.ts";
import type { MachineName } from "../../contract/inspector.ts";

/** What a machine knows, as data: without references to other actors and without values of the environment. */
export function contextOf(machine: MachineName, context: unknown): unknown {
  return tellers[machine](context as never);
}

const tellers = {
  process: ({ resume, spec, ...context }: ProcessContext): unknown => ({
    ...context,
    owner: undefined,
    resume: resume && { child: resume.child, at: resume.at },
    spec: tellSpec(spec),
  }),
  app: (context: AppContext): unknown => ({
    ...factsOfApp(context),
    spec: tellSpec(context.spec),
    reloadSpec: context.reloadSpec && tellSpec(context.reloadSpec),
  }),
  reload: (context: ReloadContext): unknown => ({ ...context, owner: undefined }),
  group: (context: GroupContext): unknown => ({ ...context, resume: undefined }),
  god: ({ apps, groups }: GodContext): unknown => ({
    apps: [...apps.keys()],
    ...(groups.size === 0 ? {} : { groups: [...groups.keys()] }),
  }),
} satisfies Record<MachineName, (context: never) => unknown>;

/** What an app knows beside its specification. */
export function factsOfApp(context: AppContext): Readonly<Record<string, unknown>> {
  return {
    key: context.key,
    processes: Object.keys(context.processes).map(Number),
    replacements: Object.keys(context.successors).map(Number),
    leaving: Object.keys(context.leaving),
    isReloading: context.reload !== null,
    revivals: context.revivals,
  };
}

/** One specification is shared by all processes of an app, and told with each of their transitions. */
const told = new WeakMap<AppSpec, unknown>();

/** A specification as data, without values of the environment. */
export function tellSpec(spec: AppSpec): unknown {
  const known = told.get(spec);
  if (known !== undefined) return known;
  const value: unknown = JSON.parse(jsonWithoutEnvironment(spec));
  told.set(spec, value);
  return value;
}
