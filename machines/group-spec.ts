/* What a group is declared as, and which apps it has. */

/** Which members are restarted with one that has crashed, in OTP's words. */
export type GroupStrategy = "one_for_one" | "one_for_all" | "rest_for_one";

/** Whether the end of a significant member ends the group, in OTP's words. */
export type AutoShutdown = "never" | "any_significant" | "all_significant";

/** A group: a supervisor in OTP's sense. */
export interface GroupSpec {
  readonly name: string;
  readonly strategy: GroupStrategy;
  /** More restarts than this within the window end the group. */
  readonly maxRestarts: number;
  readonly restartWindowMs: number;
  readonly autoShutdown: AutoShutdown;
  /** Apps that are declared in this namespace later belong to it, too; `null` for none. */
  readonly namespace: string | null;
  /** Its place among the members of the group around it. */
  readonly order: number;
  /** Of the group around it. */
  readonly isSignificant: boolean;
}

/** The groups that an app belongs to. */
export interface Membership {
  /** The outermost first; the last one is its own. */
  readonly groups: readonly GroupSpec[];
  /** Its place among the members of its own group. */
  readonly order: number;
  readonly isSignificant: boolean;
}

/** An app of a group, or of a group within it. */
export interface Leaf {
  /** Key of the app. */
  readonly key: string;
  /** Name of the app. */
  readonly app: string;
  /** The member of the group that it belongs to: itself, or the group within. */
  readonly member: string;
  /** The member in words: `db`, `group storage`. */
  readonly memberName: string;
  readonly isSignificant: boolean;
}

/** A group among the others. */
export interface GroupPlace {
  readonly spec: GroupSpec;
  /** Name of the group around it. */
  readonly parent: string | null;
  /** Its apps, those of the groups within it too, in the order in which they are started. */
  readonly leaves: readonly Leaf[];
}

/** Name of the group that an app belongs to directly. */
export function ownGroup({
  group,
}: {
  readonly group?: Membership | undefined;
}): string | undefined {
  return group?.groups.at(-1)?.name;
}

/** A member of that name that is a group. */
export const groupMember = (name: string): string => `group:${name}`;

interface Declared {
  readonly key: string;
  readonly spec: { readonly name: string; readonly group?: Membership | undefined };
}

interface Node {
  spec: GroupSpec;
  parent: string | null;
  readonly apps: { readonly declared: Declared; readonly membership: Membership }[];
  readonly groups: Set<string>;
}

/**
 * The groups that apps make up, by name.
 * @param newest definitions that take the place of what other members say of the same group.
 */
export function groupsOf(
  apps: Iterable<Declared>,
  newest: ReadonlyMap<string, GroupSpec> = new Map(),
): Map<string, GroupPlace> {
  const nodes = new Map<string, Node>();
  for (const declared of apps) {
    const membership = declared.spec.group;
    if (membership === undefined) continue;
    let parent: string | null = null;
    for (const spec of membership.groups) {
      const { name } = spec;
      const node = nodes.get(name) ?? { spec, parent, apps: [], groups: new Set<string>() };
      node.spec = newest.get(name) ?? node.spec;
      nodes.set(name, node);
      if (parent !== null) nodes.get(parent)?.groups.add(name);
      parent = name;
    }
    if (parent !== null) nodes.get(parent)?.apps.push({ declared, membership });
  }
  return new Map(
    [...nodes].map(([name, { spec, parent }]) => [
      name,
      { spec, parent, leaves: leavesOf(name, nodes, new Set()) },
    ]),
  );
}

function leavesOf(name: string, nodes: ReadonlyMap<string, Node>, seen: Set<string>): Leaf[] {
  const node = nodes.get(name);
  // Two files may disagree about which group is within which: then the first time counts.
  if (node === undefined || seen.has(name)) return [];
  seen.add(name);
  const ofApps = node.apps.map(({ declared: { key, spec }, membership }) => {
    const { order, isSignificant } = membership;
    const leaf = { key, app: spec.name, member: key, memberName: spec.name, isSignificant };
    return { order, leaves: [leaf] };
  });
  const ofGroups = [...node.groups].flatMap((inner) => {
    const spec = nodes.get(inner)?.spec;
    if (spec === undefined) return [];
    const { order, isSignificant } = spec;
    const named = { member: groupMember(inner), memberName: `group ${inner}`, isSignificant };
    const leaves = leavesOf(inner, nodes, seen).map((leaf) => ({ ...leaf, ...named }));
    return [{ order, leaves }];
  });
  return [...ofApps, ...ofGroups].sort((a, b) => a.order - b.order).flatMap(({ leaves }) => leaves);
}

/** The group of a namespace that an app joins which names no group itself. */
export function joined(namespace: string, apps: Iterable<Declared>): Membership | undefined {
  for (const { spec } of apps) {
    const own = spec.group?.groups.at(-1);
    if (spec.group !== undefined && own?.namespace === namespace)
      return { groups: spec.group.groups, order: lastPlace, isSignificant: false };
  }
  return undefined;
}

/** After those that a file declares; of two that joined, the one that is declared first comes first. */
const lastPlace = 1_000_000;
