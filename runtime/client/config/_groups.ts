import type { GroupSpec, Membership } from "../../../machines/group-spec.ts";
import { groupDefaults } from "../../contract/fields/defaults.ts";
import { parseDuration } from "../../contract/fields/units.ts";
import type { RawApp } from "../../contract/fields/raw-app.ts";
import { xmError } from "../../contract/errors.ts";
import { isPlain, plain } from "../../contract/plain.ts";
import { longestMs } from "../../contract/ranges.ts";
import { membership } from "./_membership.ts";
import { nameOf } from "./app-names.ts";
import { readFields, type ReadApp } from "./read-fields.ts";

/* Reads `groups`, which stands beside `apps`: each app learns which groups it belongs to. */

/** No group is within more than this many others. */
const mostGroups = 16;

/**
 * The apps of a file, each with its groups.
 * @throws `ERR_CONFIG_INVALID` with every fault of the groups.
 */
export function withGroups(apps: readonly RawApp[], groups: unknown, file: string): RawApp[] {
  if (groups === undefined || groups === null) return [...apps];
  const reading = new Reading(apps);
  reading.read(groups);
  if (reading.faults.length > 0)
    throw xmError("ERR_CONFIG_INVALID", { file, faults: reading.faults });
  return apps.map((app, index) => {
    const own = reading.memberships.get(index);
    return own === undefined ? app : { ...app, [membership]: own };
  });
}

interface Draft {
  readonly path: string;
  readonly spec: GroupSpec;
  readonly apps: readonly number[];
  readonly within: readonly string[];
}

const known = [
  "apps",
  "namespace",
  "strategy",
  "max_restarts",
  "restart_window",
  "auto_shutdown",
  "significant",
  "groups",
] as const;

const strategies = ["one_for_one", "one_for_all", "rest_for_one"] as const;
const shutdowns = ["never", "any_significant", "all_significant"] as const;

class Reading {
  readonly faults: string[] = [];
  readonly memberships = new Map<number, Membership>();
  readonly #apps: readonly ReadApp[];
  readonly #names: readonly string[];
  readonly #drafts = new Map<string, Draft>();
  /** Which group an app, or a group, is said to be in. */
  readonly #around = new Map<string, string>();

  constructor(apps: readonly RawApp[]) {
    this.#apps = apps.map((raw) => readFields(raw, "").app);
    this.#names = this.#apps.map((app) => nameOf(app, {}));
  }

  read(groups: unknown): void {
    this.#readAll(groups, "groups", 0);
    for (const { path, spec, within } of this.#drafts.values())
      for (const [index, inner] of within.entries())
        this.#place(`group ${inner}`, spec.name, `${path}.groups[${index}]`);
    if (this.faults.length > 0) return;
    for (const draft of this.#drafts.values()) {
      const path = this.#pathTo(draft.spec.name, []);
      if (path === null) continue;
      for (const [order, app] of draft.apps.entries())
        this.memberships.set(app, { groups: path, order, isSignificant: false });
    }
    this.#checkSignificant();
  }

  #readAll(groups: unknown, path: string, depth: number): string[] {
    if (typeof groups !== "object" || groups === null || Array.isArray(groups)) {
      this.faults.push(`${path}: expected an object of groups by name, got ${shown(groups)}`);
      return [];
    }
    if (depth >= mostGroups) {
      this.faults.push(`${path}: expected at most ${mostGroups} groups within one another`);
      return [];
    }
    const entries = Object.entries(groups);
    for (const [name, group] of entries)
      this.#readOne(name, group, `${path}.${plain(name)}`, depth);
    return entries.map(([name]) => name);
  }

  #readOne(name: string, group: unknown, path: string, depth: number): void {
    if (name === "" || name.length > 200 || !isPlain(name)) {
      this.faults.push(`${path}: expected a name of 1 to 200 characters for a group`);
      return;
    }
    if (typeof group !== "object" || group === null || Array.isArray(group)) {
      this.faults.push(`${path}: expected an object with apps and strategy, got ${shown(group)}`);
      return;
    }
    if (this.#drafts.has(name)) {
      this.faults.push(`${path}: there are two groups of this name`);
      return;
    }
    const words = group as Readonly<Record<string, unknown>>;
    for (const field of Object.keys(words))
      if (!(known as readonly string[]).includes(field))
        this.faults.push(
          `${path}.${plain(field)}: no such field of a group; expected ${known.join(", ")}`,
        );
    const spec: GroupSpec = {
      name,
      strategy: this.#word(words, "strategy", strategies, path),
      maxRestarts: this.#count(words["max_restarts"], `${path}.max_restarts`),
      restartWindowMs: this.#window(words["restart_window"], `${path}.restart_window`),
      autoShutdown: this.#word(words, "auto_shutdown", shutdowns, path),
      namespace: typeof words["namespace"] === "string" ? words["namespace"] : null,
      order: 0,
      isSignificant: this.#flag(words["significant"], `${path}.significant`),
    };
    const draft = { path, spec, apps: this.#members(words, path, name), within: [] };
    this.#drafts.set(name, draft);
    const { groups } = words;
    const within =
      groups === undefined
        ? []
        : Array.isArray(groups) || typeof groups === "string"
          ? this.#namesIn(groups, `${path}.groups`)
          : this.#readAll(groups, `${path}.groups`, depth + 1);
    this.#drafts.set(name, { ...draft, within });
    if (draft.apps.length === 0 && within.length === 0 && words["namespace"] === undefined)
      this.faults.push(`${path}.apps: expected the names of apps, got nothing`);
  }

  /** Its apps, by their places in the file. */
  #members(words: Readonly<Record<string, unknown>>, path: string, group: string): number[] {
    const { apps, namespace } = words;
    if (namespace !== undefined) return this.#ofNamespace(words, path, group);
    if (apps === undefined) return [];
    return this.#namesIn(apps, `${path}.apps`).flatMap((name, index) => {
      const at = `${path}.apps[${index}]`;
      const found = this.#names.flatMap((each, place) => (each === name ? [place] : []));
      if (found.length === 0)
        this.faults.push(
          `${at}: no app named "${plain(name)}" in this file; it has ${this.#names.join(", ")}`,
        );
      return found.filter((place) => this.#place(`app ${place}`, group, at, name));
    });
  }

  #ofNamespace(words: Readonly<Record<string, unknown>>, path: string, group: string): number[] {
    const { apps, namespace } = words;
    const at = `${path}.namespace`;
    if (apps !== undefined) {
      this.faults.push(`${at}: expected either apps or namespace, got both`);
      return [];
    }
    if (typeof namespace !== "string" || namespace === "") {
      this.faults.push(`${at}: expected the name of a namespace, got ${shown(namespace)}`);
      return [];
    }
    const found = this.#apps.flatMap((app, place) =>
      (app["namespace"] ?? "default") === namespace ? [place] : [],
    );
    if (found.length === 0)
      this.faults.push(`${at}: no app of this file is in namespace "${plain(namespace)}"`);
    return found.filter((place) => this.#place(`app ${place}`, group, at, this.#names[place]));
  }

  /** @returns whether nothing else has it. */
  #place(what: string, group: string, at: string, name = what): boolean {
    const inner = what.startsWith("group ") ? what.slice("group ".length) : undefined;
    if (inner !== undefined && !this.#drafts.has(inner)) {
      const names = [...this.#drafts.keys()].join(", ");
      this.faults.push(`${at}: no group named "${plain(inner)}" in this file; it has ${names}`);
      return false;
    }
    const other = this.#around.get(what);
    if (other !== undefined) {
      this.faults.push(
        other === group
          ? `${at}: ${plain(name)} is named twice in group ${group}`
          : `${at}: ${plain(name)} is in two groups, ${other} and ${group}`,
      );
      return false;
    }
    this.#around.set(what, group);
    return true;
  }

  /** The groups from the outermost to this one; `null` for a circle, which is reported once. */
  #pathTo(name: string, below: readonly string[]): GroupSpec[] | null {
    const draft = this.#drafts.get(name);
    if (draft === undefined) return null;
    if (below.includes(name)) {
      const circle = [...below.slice(below.indexOf(name)), name].toReversed().join(" → ");
      const isTold = this.faults.some((fault) => fault.includes("are within one another"));
      if (!isTold) this.faults.push(`${draft.path}.groups: ${circle} are within one another`);
      return null;
    }
    const around = this.#around.get(`group ${name}`);
    if (around === undefined) return [draft.spec];
    const path = this.#pathTo(around, [...below, name]);
    const parent = this.#drafts.get(around);
    if (path === null || parent === undefined) return null;
    const order = parent.apps.length + parent.within.indexOf(name);
    return [...path, { ...draft.spec, order }];
  }

  #checkSignificant(): void {
    for (const { path, spec } of this.#drafts.values()) {
      if (!spec.isSignificant) continue;
      const around = this.#drafts.get(this.#around.get(`group ${spec.name}`) ?? "");
      if (around === undefined)
        this.faults.push(`${path}.significant: the group is within no other group`);
      else if (around.spec.autoShutdown === "never")
        this.faults.push(`${path}.significant: group ${around.spec.name} has no auto_shutdown`);
    }
  }

  #namesIn(value: unknown, path: string): string[] {
    const list = typeof value === "string" ? value.split(",").map((each) => each.trim()) : value;
    if (Array.isArray(list) && list.every((each) => typeof each === "string" && each !== ""))
      return list as string[];
    this.faults.push(`${path}: expected a list of names, got ${shown(value)}`);
    return [];
  }

  #word<T extends string>(
    words: Readonly<Record<string, unknown>>,
    field: string,
    expected: readonly [T, ...T[]],
    path: string,
  ): T {
    const { [field]: value } = words;
    if (value === undefined || value === null) return expected[0];
    const found = expected.find((each) => each === value);
    if (found === undefined)
      this.faults.push(`${path}.${field}: expected ${expected.join(", ")}, got ${shown(value)}`);
    return found ?? expected[0];
  }

  #count(value: unknown, path: string): number {
    if (value === undefined || value === null) return groupDefaults.maxRestarts;
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    if (Number.isInteger(number) && (number as number) >= 0 && (number as number) <= 1_000_000)
      return number as number;
    this.faults.push(`${path}: expected a whole number from 0 to 1000000, got ${shown(value)}`);
    return 0;
  }

  #window(value: unknown, path: string): number {
    if (value === undefined || value === null) return groupDefaults.restartWindowMs;
    const ms = parseDuration(value);
    if (ms !== undefined && ms >= 1 && ms <= longestMs) return ms;
    this.faults.push(
      `${path}: expected ms or a time such as "10s", 1 ms or longer, got ${shown(value)}`,
    );
    return 1;
  }

  #flag(value: unknown, path: string): boolean {
    if (value === undefined || value === null || typeof value === "boolean") return value === true;
    this.faults.push(`${path}: expected true or false, got ${shown(value)}`);
    return false;
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return plain(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
