import { fromCallback } from "xstate";
import type { AppSpec } from "./spec.ts";
import type { GodActor } from "./god.ts";
import { isAtRest, type ProcessFacts, type Rule } from "./facts.ts";
import type { Incident, MembersSeen, SeenGroup, SeenProcess, ToMembers } from "./group-events.ts";
import { groupMember, type GroupPlace } from "./group-spec.ts";
import { stepOf, type GroupActor } from "./group.ts";
import { listener, type Observed } from "./lib/listener.ts";
import { crashRules } from "./process-guards.ts";
import { factsOf } from "./process-view.ts";
import { isSuccess } from "./restart-policy.ts";

/**
 * Fills the port `members` of a group: looks at the processes of its apps and at the groups within and around it, whenever anything of
 * them changes, and hands on what the group asks of them. It reads the actors themselves, so it works under a virtual
 * clock as in the daemon.
 * @param godOf the root; looked up late, since the machines are wired before it is created.
 */
export function memberSource(godOf: () => GodActor, now: () => number) {
  return fromCallback<ToMembers, { readonly name: string }>(({ sendBack, receive }) => {
    let place: GroupPlace | null = null;
    let told = "";
    const heard = (): void => {
      if (place === null) return;
      const god = godOf();
      hear(god);
      const seen = look(god, place, hear);
      const news = JSON.stringify(seen);
      if (news === told) return;
      told = news;
      sendBack({ ...seen, type: "members.seen", at: now() } satisfies MembersSeen);
    };
    const { hear, end } = listener(heard);
    receive((event) => {
      if (event.type === "watch") {
        place = event.place;
        told = "";
        heard();
      } else {
        const { key, ids, command } = event;
        godOf().send({ type: "processes.command", key, ids, command });
      }
    });
    return end;
  });
}

function look(
  god: GodActor,
  { leaves, parent }: GroupPlace,
  hear: (actor: Observed) => void,
): Pick<MembersSeen, "processes" | "groups" | "isGuided"> {
  const { apps, groups } = god.getSnapshot().context;
  const processes = leaves.flatMap(({ key }) => {
    const app = apps.get(key);
    if (app === undefined) return [];
    hear(app);
    const { spec, processes: own } = app.getSnapshot().context;
    return Object.values(own).flatMap((process) => {
      hear(process);
      const facts = factsOf(process.getSnapshot());
      return facts.status === "removed" ? [] : [seenProcess(facts, key, spec)];
    });
  });
  const within = [...new Set(leaves.map(({ member }) => member))].flatMap((member) => {
    const group = [...groups.values()].find(
      (each) => groupMember(each.getSnapshot().context.place.spec.name) === member,
    );
    if (group === undefined) return [];
    hear(group);
    return [seenGroup(group)];
  });
  return { processes, groups: within, isGuided: isGuided(groups, parent, hear) };
}

function seenGroup(group: GroupActor): SeenGroup {
  const snapshot = group.getSnapshot();
  const { place, endedAt, why, cause } = snapshot.context;
  const step = stepOf(snapshot);
  const incident = endedAt === null ? null : { at: endedAt, text: why ?? "it ended", cause };
  return {
    name: place.spec.name,
    gaveUp: step === "ended" ? incident : null,
    ended: step === "shutDown" ? incident : null,
  };
}

/** A group around it moves its members. */
function isGuided(
  groups: ReadonlyMap<string, GroupActor>,
  parent: string | null,
  hear: (actor: Observed) => void,
): boolean {
  const group = parent === null ? undefined : groups.get(parent);
  if (group === undefined) return false;
  hear(group);
  const snapshot = group.getSnapshot();
  const isBusy = ["stopping", "starting", "ending", "shuttingDown"].includes(stepOf(snapshot));
  return isBusy || isGuided(groups, snapshot.context.place.parent, hear);
}

/** Ends for which its own restart policy gives it up. */
const gaveUpRules: readonly Rule[] = [
  "cannotBeSpawned",
  "neverStarted",
  "wasNotPrepared",
  "unstableTooOften",
  "restartsTooOften",
];

/** Ends by itself that its restart policy leaves. */
const endRules: readonly Rule[] = [
  "hasCompleted",
  "ranTooLong",
  "runFailed",
  "isStopExitCode",
  "neverRestarts",
  "endedCleanly",
  "endedByItsOwnCode",
];

/** A process as its group sees it. */
export function seenProcess(facts: ProcessFacts, key: string, spec: AppSpec): SeenProcess {
  const { id, status, goal, groupOrder } = facts;
  const last = facts.decisions.at(-1);
  const is = placeOf(facts);
  const isTemporary = spec.policy.restart.mode === "never";
  const when = (applies: boolean, text: string): Incident | null =>
    applies && last !== undefined ? { at: last.at, text: `${spec.name} ${text}` } : null;
  const rests = (rules: readonly Rule[]): boolean =>
    is === "resting" && goal === "run" && last !== undefined && rules.includes(last.rule);
  const hasCrashed =
    (is === "held" || is === "waiting") && last !== undefined && crashRules.includes(last.rule);
  const gaveUp = when(status === "errored" && rests(gaveUpRules), "is errored");
  const ended = when(rests(endRules), "exited");
  const restsWithGroup = is === "resting" && goal === "restart" && groupOrder?.after === "rest";
  return {
    key,
    id,
    is,
    heldBy: is === "held" && !hasCrashed ? (groupOrder?.group ?? null) : null,
    crash: when(hasCrashed, howItCrashed(facts, spec)),
    gaveUp,
    ended,
    isTemporary,
    mayStart: !isTemporary && (gaveUp !== null || ended !== null || restsWithGroup),
  };
}

function placeOf({ status, held }: ProcessFacts): SeenProcess["is"] {
  if (isAtRest(status)) return "resting";
  if (status === "online") return "up";
  if (status === "pending") return held === true ? "held" : "pending";
  return status === "starting" || status === "stopping" || status === "waiting"
    ? status
    : "resting";
}

function howItCrashed({ lastExit, failure }: ProcessFacts, { policy }: AppSpec): string {
  const endedWell =
    failure === null &&
    lastExit !== null &&
    isSuccess(lastExit, policy.restart) &&
    !lastExit.verdict;
  return endedWell ? "exited" : "crashed";
}
