import * as v from "valibot";
import type { Up } from "../../contract/app-link/protocol.ts";

/** One figure an app publishes (PM2's `axm:monitor`). */
export interface CustomMetric {
  readonly value: string | number | boolean | null;
  readonly type?: string;
  readonly unit?: string;
  readonly historic?: boolean;
}

/** One thing an app can be asked to do (PM2's `axm:action`). */
export interface CustomAction {
  readonly action_name: string;
  readonly action_type?: string;
  readonly opts?: unknown;
  readonly arity?: number;
}

/** An answer to an action (PM2's `axm:reply`). */
export interface ActionReply {
  readonly action_name: string;
  readonly return: unknown;
}

/** What the apps publish of themselves, by life. */
export interface CustomMetrics {
  /** Takes a message of an app; others than those about metrics and actions are left alone. */
  hear(lifeId: string, message: Up): void;
  metrics(lifeId: string | undefined): Readonly<Record<string, CustomMetric>>;
  actions(lifeId: string | undefined): readonly CustomAction[];
  /** What it tells of its configuration (PM2's `axm:option:configuration`). */
  options(lifeId: string | undefined): Readonly<Record<string, unknown>>;
  beats(lifeId: string): number;
  /** The next answer of a life to an action; `undefined` after `withinMs`. */
  reply(lifeId: string, action: string, withinMs: number): Promise<ActionReply | undefined>;
  forget(lifeId: string): void;
}

interface Life {
  metrics: Record<string, CustomMetric>;
  options: Readonly<Record<string, unknown>>;
  readonly actions: Map<string, CustomAction>;
  beats: number;
}

/** More than this of one app is not kept. */
const mostMetrics = 200;

const shortText = v.pipe(v.string(), v.maxLength(1_024));

/** Values from an app are not trusted: invalid ones are dropped. */
const metricSchema = v.object({
  value: v.union([shortText, v.pipe(v.number(), v.finite()), v.boolean(), v.null()]),
  type: v.optional(v.nullable(shortText)),
  unit: v.optional(v.nullable(shortText)),
  historic: v.optional(v.nullable(v.boolean())),
});

const actionSchema = v.looseObject({
  action_name: v.pipe(shortText, v.minLength(1)),
  action_type: v.optional(v.nullable(shortText)),
  arity: v.optional(v.nullable(v.pipe(v.number(), v.finite()))),
});

function isMetric(entry: [string, unknown]): entry is [string, CustomMetric] {
  return entry[0].length <= 1_024 && v.is(metricSchema, entry[1]);
}

export function createCustomMetrics(): CustomMetrics {
  const lives = new Map<string, Life>();
  const waiting = new Set<{
    lifeId: string;
    action: string;
    resolve: (reply: ActionReply) => void;
  }>();
  const lifeOf = (lifeId: string): Life => {
    let life = lives.get(lifeId);
    if (life === undefined) {
      life = { metrics: {}, options: {}, actions: new Map(), beats: 0 };
      lives.set(lifeId, life);
    }
    return life;
  };

  const take = (lifeId: string, message: unknown): void => {
    const { type, data } = (message ?? {}) as { type?: unknown; data?: unknown };
    if (typeof data !== "object" || data === null) return;
    if (type === "axm:monitor") {
      const entries = Object.entries(data).filter(isMetric);
      lifeOf(lifeId).metrics = Object.fromEntries(entries.slice(0, mostMetrics));
    }
    if (type === "axm:option:configuration") {
      lifeOf(lifeId).options = data as Record<string, unknown>;
    }
    if (type === "axm:action") {
      const { actions } = lifeOf(lifeId);
      if (v.is(actionSchema, data) && actions.size < mostMetrics) {
        actions.set(data.action_name, data as CustomAction);
      }
    }
    if (type === "axm:reply") {
      const reply = data as ActionReply;
      for (const each of waiting) {
        if (each.lifeId === lifeId && each.action === reply.action_name) each.resolve(reply);
      }
    }
  };

  return {
    hear: (lifeId, message) => {
      if (message.type === "beat") lifeOf(lifeId).beats += 1;
      if (message.type === "message") take(lifeId, message.data);
      if (message.type === "hello") for (const said of message.said) take(lifeId, said);
    },
    metrics: (lifeId) => lives.get(lifeId ?? "")?.metrics ?? {},
    actions: (lifeId) => [...(lives.get(lifeId ?? "")?.actions.values() ?? [])],
    options: (lifeId) => lives.get(lifeId ?? "")?.options ?? {},
    beats: (lifeId) => lives.get(lifeId)?.beats ?? 0,
    reply: (lifeId, action, withinMs) =>
      new Promise((resolve) => {
        const end = (reply: ActionReply | undefined): void => {
          clearTimeout(timer);
          waiting.delete(entry);
          resolve(reply);
        };
        const entry = { lifeId, action, resolve: end };
        const timer = setTimeout(() => end(undefined), withinMs);
        waiting.add(entry);
      }),
    forget: (lifeId) => void lives.delete(lifeId),
  };
}
