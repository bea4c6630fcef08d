import type { AppContext } from "../../../machines/app-context.ts";
import type { GodContext } from "../../../machines/god.ts";
import type { Removal } from "../../../machines/facts.ts";
import { duration } from "../../../machines/lib/words.ts";
import type { GroupContext } from "../../../machines/group-reading.ts";
import type { ProcessContext } from "../../../machines/process-context.ts";
import type { ReloadContext } from "../../../machines/reload-events.ts";
import type { MachineName } from "../inspector.ts";

/** Why a machine is where it is, in a sentence. @param states every active state, as ids of its chart. */
export function sentenceOf(
  machine: MachineName,
  context: unknown,
  states: readonly string[],
): string {
  const isIn = (state: string): boolean => states.includes(`${machine}.${state}`);
  return tellers[machine](context as never, isIn);
}

type IsIn = (state: string) => boolean;

/** What becomes of a process that is to go. */
const going: Readonly<Record<Removal, string>> = {
  deleted: "; it is being deleted",
  replaced: "; its replacement serves",
  discarded: "; this replacement is being discarded",
  scaledDown: "; its app is scaled down",
  shutDown: "; the daemon is shutting down",
};

/** Hooks that something waits for. */
const hookRuns = [
  ["preparing", "Its pre_start hook runs; it is started when that has succeeded."],
  ["alive.stopping.preStop", "Its pre_stop hook runs; then it is asked to exit."],
  ["concluding.postStop", "It has ended, and its post_stop hook runs."],
] as const;

const tellers = {
  process: (context: ProcessContext, isIn: IsIn): string => {
    const { decisions, goal, removal, askedBy, spec, delayMs, readiness } = context;
    const last = decisions.at(-1);
    const hook = hookRuns.find(([state]) => isIn(state));
    if (hook !== undefined) return hook[1];
    if (isIn("alive.stopping")) {
      const who = askedBy ?? "A command";
      const after = {
        restart: "; it starts again when it has ended",
        remove: going[removal ?? "deleted"],
      };
      const next = goal in after ? after[goal as keyof typeof after] : "";
      return isIn("alive.stopping.forced")
        ? `It did not exit within ${duration(delayMs)}; killing its process tree.`
        : `${capital(who)} asked it to exit, and it has ${duration(delayMs)} for that${next}.`;
    }
    if (last === undefined) {
      if (isIn("stopped")) return "Declared but not started.";
      const unheard =
        spec.policy.readiness === "listening"
          ? " It has not listened on any port; its error log may show why."
          : " It has not reported that it is ready.";
      const late = readiness === "late" ? unheard : "";
      return `It has never exited, so nothing was decided.${late}`;
    }
    const cron = isIn("stopped.scheduled")
      ? ` Its cron pattern (${spec.sensors.cron}) starts it again.`
      : "";
    return `${last.sentence}${cron}`;
  },
  app: ({ processes, reload }: AppContext, isIn: IsIn): string => {
    const count = Object.keys(processes).length;
    if (isIn("gone")) return "Its last process was removed.";
    const keeps = `It keeps ${count === 1 ? "1 process" : `${count} processes`}`;
    return reload === null
      ? `${keeps}; no reload is in progress.`
      : `${keeps}; a reload is in progress.`;
  },
  reload: ({ by, done, pending, batch, failure }: ReloadContext, isIn: IsIn): string => {
    const ids = Object.keys(batch);
    const total = done.length + pending.length + ids.length;
    const progress = `${done.length} of ${total} replaced`;
    const why = failure === null ? "" : `, because process ${failure.id}: ${failure.reason}`;
    if (isIn("succeeded")) return `${capital(by)}: every process was replaced.`;
    if (isIn("failed")) return `${capital(by)}: it has failed${why}.`;
    if (isIn("failing")) return `${capital(by)}: it is being given up${why}.`;
    const isOne = ids.length === 1;
    const who = `${isOne ? "process" : "processes"} ${ids.join(", ")}`;
    const step = isIn("draining")
      ? `${who} ${isOne ? "drains and exits" : "drain and exit"}`
      : `the ${isOne ? "replacement" : "replacements"} of ${who} ${isOne ? "is" : "are"} started`;
    return `${capital(by)}: ${progress}; ${step}.`;
  },
  group: ({ place, why, restartTimes }: GroupContext, isIn: IsIn): string => {
    const { name, strategy, maxRestarts, restartWindowMs } = place.spec;
    const because = why === null ? "" : capital(why);
    if (isIn("restarting.stopping")) return `${because}: it stops those that are restarted.`;
    if (isIn("restarting.starting")) return `${because}: it starts them one after the other.`;
    if (isIn("ending")) return `${because}: it stops its members.`;
    if (isIn("ended")) return `${because}.`;
    if (isIn("shuttingDown") || isIn("shutDown")) return `${because}.`;
    const budget = `${restartTimes.length} of ${maxRestarts} restarts within ${duration(restartWindowMs)}`;
    return `Group ${name} (${strategy}) watches its members; ${budget}.`;
  },
  god: ({ apps }: GodContext, isIn: IsIn): string => {
    const count = apps.size;
    const many = count === 1 ? "1 app" : `${count} apps`;
    if (isIn("shuttingDown")) return `${many} left to stop.`;
    return isIn("restoring")
      ? "Restoring its state and looking for live children."
      : `It keeps ${many}.`;
  },
} satisfies Record<MachineName, (context: never, isIn: IsIn) => string>;

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
