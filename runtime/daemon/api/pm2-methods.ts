import * as v from "valibot";
import { toPm2Process, type Pm2Process } from "../../compat/jlist.ts";
import type { Outcome } from "../../contract/api/schemas.ts";
import { act } from "../commands/commands.ts";
import { reload } from "../commands/reload.ts";
import { sendMessage, sendSignal } from "../commands/send.ts";
import type { Daemon } from "../daemon.ts";
import { detailOf } from "../registry/views.ts";

/** Does what a client of PM2 asks for. @throws what it answers. */
export type Method = (daemon: Daemon, args: readonly unknown[]) => Promise<unknown>;

/** What its clients take for one of their own; it only decides whether they say that the daemon is another version. */
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
  // What it tells of itself: our bus has it already.
  ...["notify", "notifyByProcessId", "stopWatch"].map((name): [string, Method] => [
    name,
    () => Promise.resolve(null),
  ]),
]);

const toId = v.looseObject({ signal: v.string(), process_id: id });
const toName = v.looseObject({ signal: v.string(), process_name: v.string() });

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
