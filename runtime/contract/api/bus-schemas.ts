import * as v from "valibot";
import { processDetailSchema } from "./process-schemas.ts";
import { count, text, time } from "./schema-words.ts";

export const busTopics = ["processes", "messages", "logs", "daemon"] as const;

const who = { id: count(), name: text(), namespace: text() };

/** Live events for subscribers. */
export const busEventSchema = v.variant("kind", [
  v.object({
    kind: v.literal("process"),
    at: time(),
    event: v.picklist([
      "start",
      "online",
      "exit",
      "overlimit",
      "restart",
      "stop",
      "delete",
      "reload",
      "graceful reload",
    ]),
    isCommand: v.pipe(v.boolean(), v.description("a command has been carried out")),
    process: processDetailSchema,
  }),
  v.object({
    kind: v.literal("message"),
    at: time(),
    ...who,
    message: v.pipe(v.unknown(), v.description("the argument of the app's `process.send`")),
  }),
  v.object({
    kind: v.literal("exception"),
    at: time(),
    ...who,
    message: text(),
    stack: text(),
    name: v.pipe(text(), v.description("of the app")),
    error: v.pipe(text(), v.description("name of the error's class")),
  }),
  v.object({
    kind: v.literal("log"),
    at: time(),
    ...who,
    stream: v.picklist(["out", "err"]),
    line: text(),
  }),
  v.object({ kind: v.literal("daemon"), at: time(), line: text() }),
  v.object({ kind: v.literal("killed"), at: time(), by: text() }),
]);
