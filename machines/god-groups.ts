import type { AppActor } from "./app.ts";
import type { GroupFacts, GroupInput } from "./group-events.ts";
import { groupsOf, type GroupPlace, type GroupSpec } from "./group-spec.ts";
import type { GroupActor } from "./group.ts";
import type { AppSpec } from "./spec.ts";

/* What God makes of the groups that its apps name. */

interface Rearranged {
  readonly added: readonly ({ readonly name: string } & GroupInput)[];
  readonly moved: readonly { readonly actor: GroupActor; at: number; place: GroupPlace }[];
  readonly gone: readonly { readonly name: string; readonly actor: GroupActor }[];
}

/** An event of God's, as far as groups go. */
interface Given {
  readonly type: string;
  readonly at?: number;
  readonly key?: string;
  readonly spec?: AppSpec;
  readonly apps?: readonly { readonly spec: AppSpec }[];
  readonly output?: unknown;
}

/** What an event changes of the groups: their members, their settings, or that there is one. */
export function rearranged(
  apps: readonly AppActor[],
  groups: ReadonlyMap<string, GroupActor>,
  event: Given,
): Rearranged {
  const declared = apps.map((actor) => {
    const { key, spec } = actor.getSnapshot().context;
    return { key, spec: event.key === key ? (event.spec ?? spec) : spec };
  });
  if (groups.size === 0 && declared.every(({ spec }) => spec.group === undefined))
    return { added: [], moved: [], gone: [] };
  const restored = restoredIn(event);
  const at = event.at ?? restored?.at ?? latestOf(groups);
  const places = [...groupsOf(declared, newestIn(event))];
  const isThere = new Set(places.map(([name]) => name));
  return {
    added: places
      .filter(([name]) => !groups.has(name))
      .map(([name, place]) => {
        const resume = restored?.groups?.find((facts) => facts.name === name) ?? null;
        return { name, place, at, resume };
      }),
    moved: places.flatMap(([name, place]) => {
      const actor = groups.get(name);
      if (actor === undefined || isSame(actor.getSnapshot().context.place, place)) return [];
      return [{ actor, at, place }];
    }),
    gone: [...groups].flatMap(([name, actor]) => (isThere.has(name) ? [] : [{ name, actor }])),
  };
}

export const groupId = (name: string): string => `group:${name}`;

/** The id of the actor that an event tells the end of. */
export function endedActor({ type }: { readonly type: string }): string {
  return type.replace(/^xstate\.(?:done|error)\.actor\./, "");
}

/** What an event says of groups takes the place of what their other apps say. */
function newestIn({ spec, apps = [] }: Given): ReadonlyMap<string, GroupSpec> {
  const specs = [...(spec === undefined ? [] : [spec]), ...apps.map((app) => app.spec)];
  const said = specs.flatMap(({ group }) => group?.groups ?? []);
  return new Map(said.map((each) => [each.name, each]));
}

function restoredIn(
  event: Given,
): { readonly at: number; readonly groups?: readonly GroupFacts[] } | undefined {
  if (endedActor(event) !== "restore") return undefined;
  return event.output as { at: number; groups?: readonly GroupFacts[] };
}

/** The event of an app that is gone has no time. */
function latestOf(groups: ReadonlyMap<string, GroupActor>): number {
  return Math.max(0, ...[...groups.values()].map((actor) => actor.getSnapshot().context.at));
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
