import * as v from "valibot";
import { heardFrom, lifeSchema as life, listensSchema } from "./app-link/up-schema.ts";
import type { News } from "./balancer.ts";

/*
 * A balancer runs with its app's rights, and the app may say anything in its name: what comes from it is checked before
 * God looks at it.
 */
const pid = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31 - 1));
const at = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15));
const text = (most: number) => v.pipe(v.string(), v.maxLength(most));
const said = v.pipe(v.array(v.unknown()), v.maxLength(1_000));

const end = {
  life,
  at,
  up: v.optional(v.pipe(v.number(), v.minValue(0))),
  code: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(-1_000), v.maxValue(2 ** 31 - 1))),
  signal: v.nullable(text(20)),
};

const newsSchema = v.variant("news", [
  v.object({
    news: v.literal("hello"),
    v: v.number(),
    app: text(1_000),
    madeOf: text(10_000),
    pid,
    secret: v.optional(v.nullable(text(100))),
    workers: v.pipe(
      v.array(
        v.object({
          life,
          pid,
          isListening: v.boolean(),
          isReady: v.boolean(),
          said,
          listens: v.optional(listensSchema),
        }),
      ),
      v.maxLength(10_000),
    ),
    ended: v.pipe(v.array(v.object(end)), v.maxLength(10_000)),
  }),
  v.object({ news: v.literal("forked"), life, pid }),
  v.object({ news: v.literal("failed"), life, code: text(100), message: text(10_000) }),
  v.object({ news: v.literal("told"), life, message: v.unknown() }),
  v.object({ news: v.literal("noted"), line: text(10_000) }),
  v.object({ news: v.literal("ended"), ...end }),
]);

/**
 * Reads one line of a balancer's.
 * @returns `undefined` for what a worker said and this God does not know: it is left out.
 * @throws when it is not news.
 */
export function parseNews(line: string): News | undefined {
  const news = v.parse(newsSchema, JSON.parse(line));
  if (news.news !== "told") return news;
  // A worker's message is the worker's fault, not its balancer's.
  const { message } = heardFrom(news.message);
  return message === undefined ? undefined : { ...news, message };
}
