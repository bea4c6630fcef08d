import { connect } from "../../runtime/client/client.ts";
import type { LogLine } from "../../runtime/client/types.ts";
import { targetArgs, xmCommand } from "../command.ts";
import { paint, type Color } from "../render/colors.ts";
import { formatTime } from "../render/format.ts";
import { resolveTargets } from "../targets.ts";

export default xmCommand({
  name: "logs",
  description: "Shows the last lines of processes' logs and follows them",
  args: {
    ...targetArgs,
    lines: {
      type: "string",
      description: "Last lines of each file",
      valueHint: "N",
      default: "15",
    },
    nostream: { type: "boolean", description: "Do not follow" },
    out: { type: "boolean", description: "Output only" },
    err: { type: "boolean", description: "Errors only" },
    raw: { type: "boolean", description: "The lines as they are, without a prefix" },
    json: { type: "boolean", description: "One JSON object per line" },
    timestamp: {
      type: "string",
      description:
        "The time at which a followed line was read; a format is accepted and not used yet",
      valueHint: "FORMAT",
    },
  },
  run: async ({ args }) => {
    const client = connect();
    const chosen = await resolveTargets(client, args._.length === 0 ? ["all"] : args._);
    const abort = new AbortController();
    process.once("SIGINT", () => abort.abort());
    const streams =
      args.out === args.err
        ? (["out", "err"] as const)
        : args.out
          ? (["out"] as const)
          : (["err"] as const);
    const show = args.json
      ? asJson
      : args.raw
        ? ({ line }: LogLine) => line
        : prefixed(args.timestamp !== undefined, chosen);
    const query = {
      ids: chosen.map(({ id }) => id),
      lines: Number(args.lines),
      follow: args.nostream !== true,
      streams,
    };
    for await (const line of client.logs(query, abort.signal)) {
      if (!process.stdout.write(`${show(line)}\n`)) await drained();
    }
  },
});

const colors: readonly Color[] = ["cyan", "green", "magenta", "blue", "yellow"];

function prefixed(
  withTime: boolean,
  chosen: readonly { readonly id: number; readonly name: string }[],
): (line: LogLine) => string {
  const width = Math.max(...chosen.map(({ id, name }) => `${id}|${name}`.length));
  return ({ id, name, stream, line, at }) => {
    const time = withTime ? `${formatTime(at ?? Date.now())}: ` : "";
    const color = stream === "err" ? "red" : (colors[id % colors.length] ?? "cyan");
    return `${time}${paint(color, `${`${id}|${name}`.padEnd(width)} |`)} ${line}`;
  };
}

/** PM2's record of a line. */
function asJson({ id, name, stream, line, at }: LogLine): string {
  const timestamp = new Date(at ?? Date.now()).toISOString();
  return JSON.stringify({ message: line, timestamp, type: stream, process_id: id, app_name: name });
}

function drained(): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.once("drain", resolve);
  });
}
