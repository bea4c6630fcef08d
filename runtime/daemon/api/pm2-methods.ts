import type { AppActor } from "../../../machines/app.ts";
import { setImmediate } from "node:timers/promises";
import * as v from "valibot";
import { toPm2Process, type Pm2Process } from "../../compat/jlist.ts";
import type { Outcome } from "../../contract/api/schemas.ts";
import { xmError } from "../../contract/errors.ts";
import { act } from "../commands/commands.ts";
import { reload } from "../commands/reload.ts";
import { sendInput, sendMessage, sendSignal } from "../commands/send.ts";
import { reopenAll } from "./log-routes.ts";
import { prepare } from "./pm2-prepare.ts";
import type { Daemon } from "../daemon.ts";
import { scaleNow, takeSteps, tellAll } from "../commands/steps.ts";
import { triggerAction } from "../commands/trigger.ts";
import type { Managed } from "../registry/registry.ts";
import { detailOf } from "../registry/views.ts";

/** Does what a client of PM2 asks for. @throws what it answers. */
export type Method = (daemon: Daemon, args: readonly unknown[]) => Promise<unknown>;

/** What its clients accept as their own; it only decides whether they report that the daemon is another version. */
const spokenVersion = "7.0.4";

const by = "a client of PM2";

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const withId = v.looseObject({ id });

/** The methods that PM2's package calls for what its documentation names. */
export const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["getVersion", () => Promise.resolve(spokenVersion)],
  ["getMonitorData", (daemon) => list(daemon)],
  ["stopProcessId", async (daemon, [target]) => acted(daemon, "stop", v.parse(id, target))],
  ["deleteProcessId", async (daemon, [target]) => acted(daemon, "delete", v.parse(id, target))],
  ["resetMetaProcessId", async (daemon, [target]) => acted(daemon, "reset", v.parse(id, target))],
  [
    "restartProcessId",
    async (daemon, [target]) => acted(daemon, "restart", v.parse(withId, target).id),
  ],
  ["reloadProcessId", async (daemon, [target]) => reloaded(daemon, v.parse(withId, target).id)],
  ["softReloadProcessId", async (daemon, [target]) => reloaded(daemon, v.parse(withId, target).id)],
  [
    "sendSignalToProcessId",
    async (daemon, [options]) => {
      const { signal, process_id: target } = v.parse(toId, options);
      return settle(sendSignal(daemon, { ids: [target], signal }));
    },
  ],
  [
    "sendSignalToProcessName",
    async (daemon, [options]) => {
      const { signal, process_name: name } = v.parse(toName, options);
      const named = daemon.registry.processes().filter(({ spec }) => spec.name === name);
      return settle(sendSignal(daemon, { ids: named.map(({ facts }) => facts.id), signal }));
    },
  ],
  [
    "sendDataToProcessId",
    async (daemon, [packet]) => {
      const { id: target } = v.parse(withId, packet);
      return settle(sendMessage(daemon, { ids: [target], message: packet }));
    },
  ],
  [
    "sendLineToStdin",
    async (daemon, [packet]) => {
      const { pm_id: target, line } = v.parse(toInput, packet);
      return settle(await sendInput(daemon, { ids: [target], text: line }));
    },
  ],
  ["prepare", (daemon, [packet]) => started(daemon, packet)],
  ["ping", () => Promise.resolve({ msg: "pong" })],
  ["startProcessId", async (daemon, [target]) => acted(daemon, "restart", v.parse(id, target))],
  // How its `scale` makes one more.
  ["duplicateProcessId", async (daemon, [target]) => oneMore(daemon, v.parse(id, target))],
  ["msgProcess", (daemon, [options]) => trigger(daemon, v.parse(toAction, options))],
  [
    "reloadLogs",
    async (daemon) => {
      await reopenAll(daemon);
      return { success: true };
    },
  ],
  // What it tells of itself: our bus has it already.
  ...["notify", "notifyByProcessId", "stopWatch"].map((name): [string, Method] => [
    name,
    () => Promise.resolve(null),
  ]),
]);

const toId = v.looseObject({ signal: v.string(), process_id: id });
const toName = v.looseObject({ signal: v.string(), process_name: v.string() });

const toInput = v.looseObject({ pm_id: id, line: v.string() });

const toAction = v.looseObject({
  msg: v.string(),
  opts: v.optional(v.unknown()),
  id: v.optional(id),
  name: v.optional(v.string()),
});

/**
 * The answer of the app comes over the bus, as `axm:reply`: PM2's client takes one only once it knows how many it awaits.
 */
async function trigger(
  daemon: Daemon,
  { msg, opts, id: target, name }: v.InferOutput<typeof toAction>,
): Promise<unknown> {
  const chosen = daemon.registry
    .processes()
    .filter(({ facts, spec }) => facts.id === target || spec.name === name);
  const ids = chosen.map(({ facts }) => facts.id);
  const asked = triggerAction(daemon, { ids, action: msg, params: opts, target: name });
  // What cannot be asked at all is refused at once.
  await Promise.race([asked, setImmediate()]);
  return { process_count: ids.length, success: true };
}

/** An app that ends at once is started, as PM2 has it. */
async function started(daemon: Daemon, packet: unknown): Promise<Pm2Process[]> {
  const app = await prepare(daemon, packet);
  const all = await list(daemon);
  const own = all.filter(
    ({ name, pm2_env: { namespace } }) => name === app.name && namespace === app.namespace,
  );
  if (own.length === 0 && app.fault !== undefined) throw new Error(app.fault);
  return own;
}

/** Counted where no other command counts. */
async function oneMore(daemon: Daemon, target: number): Promise<unknown> {
  const { registry, store } = daemon;
  const outcomes: Outcome[] = [];
  const reached = await daemon.exclusive(() => {
    store.assertWritable();
    const processesOf = (app: AppActor): Managed[] => registry.processesOf(app);
    const app = registry
      .apps()
      .find((each) => processesOf(each).some(({ facts }) => facts.id === target));
    if (app === undefined) throw xmError("ERR_PROCESS_NOT_FOUND", { target: String(target) });
    const instances = processesOf(app).length + 1;
    return takeSteps(daemon, scaleNow(daemon, { app, instances, by }));
  });
  await tellAll(daemon, reached, (outcome) => void outcomes.push(outcome));
  settle(outcomes);
  const made = outcomes.at(-1)?.id;
  return (await list(daemon)).find(({ pm_id: each }) => each === made);
}

async function list(daemon: Daemon): Promise<Pm2Process[]> {
  const processes = daemon.registry.processes();
  const pids = processes.flatMap(({ facts }) => facts.child?.pid ?? []);
  const metrics = await daemon.sampler.sample(pids, { withinMs: 15 });
  return processes.map((managed) => {
    const pid = managed.facts.child?.pid ?? -1;
    return toPm2Process(detailOf(managed, metrics.get(pid), daemon.custom));
  });
}

async function acted(
  daemon: Daemon,
  action: "stop" | "delete" | "restart" | "reset",
  target: number,
): Promise<unknown> {
  const before = (await list(daemon)).find(({ pm_id: each }) => each === target);
  const outcomes: Outcome[] = [];
  await act(daemon, { action, ids: [target], by }, (outcome) => void outcomes.push(outcome));
  settle(outcomes);
  return (await list(daemon)).find(({ pm_id: each }) => each === target) ?? before;
}

async function reloaded(daemon: Daemon, target: number): Promise<unknown> {
  const outcomes: Outcome[] = [];
  await reload(
    daemon,
    { ids: [target], by, kind: "reload" },
    { tell: (outcome) => void outcomes.push(outcome), tellProgress: () => {} },
  );
  settle(outcomes);
  return (await list(daemon)).find(({ pm_id: each }) => each === target);
}

/** @throws what the first of them could not do. */
function settle(outcomes: readonly Pick<Outcome, "ok" | "message">[]): { success: true } {
  const failure = outcomes.find(({ ok }) => !ok);
  if (failure !== undefined) throw new Error(failure.message);
  return { success: true };
}
