import type { AnyActorRef } from "xstate";
import { ownGroup } from "../../../machines/group-spec.ts";
import type { MachineStates } from "../../contract/api/schemas.ts";
import type { Managed } from "../registry/registry.ts";
import type { Daemon } from "../daemon.ts";

/** The states that the machines around a process are in, as ids of their charts. */
export function statesOf(
  { god }: Pick<Daemon, "god">,
  managed: Managed | undefined,
): MachineStates {
  const groups = god.getSnapshot().context.groups;
  const group = managed === undefined ? undefined : groups.get(ownGroup(managed.spec) ?? "");
  const reload = managed?.app.getSnapshot().context.reload ?? null;
  return {
    god: litStates("god", god),
    app: managed === undefined ? null : litStates("app", managed.app),
    process: managed === undefined ? null : litStates("process", managed.actor),
    reload: reload === null ? null : litStates("reload", reload),
    group: group === undefined ? null : litStates("group", group),
  };
}

/** Every state on the way to where an actor is: `process`, `process.alive`, `process.alive.online` … */
export function litStates(id: string, actor: AnyActorRef): string[] {
  const { value } = actor.getSnapshot() as { value: unknown };
  return [id, ...inside(id, value)];
}

function inside(parent: string, value: unknown): string[] {
  if (typeof value === "string") return [`${parent}.${value}`];
  return Object.entries(value as Record<string, unknown>).flatMap(([name, inner]) => [
    `${parent}.${name}`,
    ...inside(`${parent}.${name}`, inner),
  ]);
}
