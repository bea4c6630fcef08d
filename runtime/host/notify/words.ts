import type { Message, Notice } from "../../contract/notify.ts";

/** The fields of a webhook's JSON; those of the only notice stand at the top. */
export function bodyOf(message: Message): Record<string, unknown> {
  const { id, notices, leftOut, repeated } = message;
  const [first] = notices;
  const shared = { id, repeated, leftOut, text: textOf(message) };
  return notices.length === 1 && first !== undefined
    ? { ...first, ...shared }
    : { event: "digest", ...shared, events: notices };
}

/** One line. */
export function subjectOf({ notices }: Message): string {
  const [first] = notices;
  if (first === undefined) return "xm";
  const names = [...new Set(notices.map(({ app }) => app))];
  return notices.length === 1
    ? `${first.app}: ${wordOf(first)} on ${first.host}`
    : `${notices.length} events of ${names.slice(0, 3).join(", ")}${names.length > 3 ? " …" : ""} on ${first.host}`;
}

/** The whole message, for people. */
export function textOf(message: Message): string {
  const { notices, leftOut, repeated } = message;
  return [
    subjectOf(message),
    ...notices.flatMap((notice) => ["", ...noticeLines(notice, notices.length)]),
    ...(leftOut > 0 ? ["", `${leftOut} more event(s) since the message before.`] : []),
    ...(repeated ? ["", "(This message may have arrived before.)"] : []),
  ].join("\n");
}

/** Of several each has fewer lines. */
function noticeLines(notice: Notice, count: number): string[] {
  const { lines, sentence, at } = notice;
  const head = count === 1 ? sentence : `${notice.app}: ${sentence}`;
  return [
    `${new Date(at).toISOString()}  ${head}`,
    ...lines.slice(count === 1 ? -20 : -3).map((line) => `  | ${line}`),
  ];
}

function wordOf({ event }: Notice): string {
  return event.replaceAll("_", " ");
}
