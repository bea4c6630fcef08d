import * as v from "valibot";
import { profilePart, type Up } from "./protocol.ts";

/*
 * Everything that an app may say, with its ranges and lengths. An app is not trusted: God, and a balancer for its
 * workers, read what comes through here and nowhere else. A connection whose frame does not fit is ended.
 */

/** A life's name: nanoid's alphabet, so that it can be no path. */
export const lifeSchema = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/));

/** Largest pid of Linux (proc(5), `pid_max`). */
const pidSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 22));

/** The preload cuts texts of exceptions to 16 KB each. */
const text = (longest: number) => v.pipe(v.string(), v.maxLength(longest));
const longestText = 16 * 1024;

/** Any time that a `Date` can hold; ms since the epoch. */
const timeSchema = v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(8.64e15));

const ticketSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Address of a server as JSON, the number of its port, or the path of its socket. */
const serverSchema = text(1_024);

export const listensSchema = v.pipe(v.array(serverSchema), v.maxLength(1_000));

/** What an app gave to `process.send`: any JSON that is not nested beyond reason. */
const dataSchema = v.pipe(
  v.unknown(),
  v.check((value) => !isDeeper(value, deepest), "nested too deeply"),
);

export const exceptionSchema = v.object({
  at: timeSchema,
  message: text(longestText),
  stack: text(longestText),
  error: text(longestText),
});

const upSchema = v.variant("type", [
  v.object({
    type: v.literal("hello"),
    v: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000)),
    life: lifeSchema,
    pid: pidSchema,
    isReady: v.boolean(),
    isListening: v.boolean(),
    said: v.pipe(v.array(dataSchema), v.maxLength(1_000)),
    listens: v.optional(listensSchema),
  }),
  v.object({ type: v.literal("listening"), server: v.optional(serverSchema) }),
  v.object({ type: v.literal("message"), data: v.optional(dataSchema) }),
  v.object({ type: v.literal("exception"), error: exceptionSchema }),
  v.object({
    type: v.literal("unwritable"),
    stream: v.picklist(["stdout", "stderr"]),
    why: text(1_024),
  }),
  v.object({ type: v.literal("beat") }),
  v.object({ type: v.literal("stopping"), how: v.picklist(["drain", "signal"]) }),
  v.object({ type: v.literal("drained") }),
  v.object({
    type: v.literal("give"),
    server: serverSchema,
    isHomeless: v.optional(v.boolean()),
    client: v.optional(text(100)),
  }),
  v.object({
    type: v.literal("answer"),
    ticket: ticketSchema,
    status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(999))),
    delayMs: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
    utilization: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
    fault: v.optional(text(1_024)),
  }),
  v.object({ type: v.literal("parting") }),
  v.object({ type: v.literal("took"), ticket: ticketSchema }),
  v.object({
    type: v.literal("profile"),
    ticket: ticketSchema,
    pid: pidSchema,
    text: text(profilePart),
    isLast: v.boolean(),
    fault: v.optional(text(1_024)),
  }),
]);

const types: ReadonlySet<unknown> = new Set(
  upSchema.options.map(({ entries }) => entries.type.literal),
);

/** The meaning of a value from an app: a message, one of an unknown type, or the fault that makes it invalid. */
export type Heard =
  | { readonly message: Up }
  | { readonly message: undefined; readonly fault: string | undefined };

/** Judges a message of an app; a `fault` of `undefined` is a message of a newer preload, which is ignored. */
export function heardFrom(value: unknown): Heard {
  const type: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, "type") : undefined;
  if (typeof type === "string" && !types.has(type)) return { message: undefined, fault: undefined };
  const parsed = v.safeParse(upSchema, value, { abortEarly: true });
  if (parsed.success) return { message: parsed.output as Up };
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue) ?? "";
  return {
    message: undefined,
    fault: `${path === "" ? "" : `${path}: `}${issue.message}`.slice(0, 200),
  };
}

/** Judges a line of an app's. */
export function heardInLine(line: string): Heard {
  try {
    return heardFrom(JSON.parse(line));
  } catch {
    return { message: undefined, fault: "a line is not JSON" };
  }
}

/** `JSON.stringify` recurses: a value nested more deeply is not a message. */
const deepest = 200;

/** Whether a value of JSON is nested more than `left` levels. */
function isDeeper(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (left === 0) return true;
  for (const each of Object.values(value)) if (isDeeper(each, left - 1)) return true;
  return false;
}
