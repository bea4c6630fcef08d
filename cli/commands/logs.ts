import { writeRaw } from "../render/terminal.ts";
import { plainLogLine } from "../../runtime/contract/plain.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { xmCommand } from "../call/command.ts";
import { filterFrom, searchArgs } from "../logs/search-flags.ts";
import { logQuery } from "../logs/log-query.ts";
import { defaultTimestamp, fileHeadings, logRenderer } from "../render/log-line.ts";

export default xmCommand({
  name: "logs",
  description: "Shows the last log lines and follows them, including processes started later",
  args: {
    target: {
      type: "positional",
      description:
        "id, name, namespace, /regex/, `all` or `PM2` (the daemon's own log); several at once",
      required: false,
    },
    lines: {
      type: "string",
      alias: "tail",
      description: "Last lines of each file, or last matches of a search (default: 15)",
      valueHint: "N",
    },
    ...searchArgs,
    nostream: { type: "boolean", description: "Do not follow" },
    out: { type: "boolean", description: "Only stdout" },
    err: { type: "boolean", description: "Only stderr" },
    raw: {
      type: "boolean",
      description: "Lines without a prefix; errors go to stderr",
    },
    json: { type: "boolean", description: "One JSON object per line" },
    format: { type: "boolean", description: "`timestamp=… app=… id=… type=… message=…`" },
    timestamp: {
      type: "string",
      description: `Time at which a followed line was read, in dayjs's tokens; without FORMAT ${defaultTimestamp}`,
      valueHint: "FORMAT",
    },
    highlight: { type: "string", description: "Highlight this text", valueHint: "TEXT" },
  },
  run: async ({ args }) => {
    const lines = linesOf(args.lines);
    const filter = filterFrom(args, Date.now());
    const client = connect();
    const list = await client.list();
    const style = {
      json: args.json === true,
      format: args.format === true,
      raw: args.raw === true,
      timestamp:
        args.timestamp === undefined ? undefined : textOr(args.timestamp, defaultTimestamp),
      highlight: args.highlight === undefined ? undefined : textOr(args.highlight, ""),
    };
    const abort = new AbortController();
    process.once("SIGINT", () => abort.abort());
    // Whoever reads no more (`| head`) ends it.
    for (const each of [process.stdout, process.stderr]) each.on("error", () => abort.abort());
    const [output, errors] = [gather(process.stdout), gather(process.stderr)];
    const streams = streamsOf(args.out === true, args.err === true);
    if (filter !== undefined) {
      const isBounded = args.until !== undefined || args.export !== undefined;
      const isAll = args.since !== undefined || isBounded || args.nostream === true;
      const { searchLogs } = await import("../logs/search-logs.ts");
      await searchLogs({
        client,
        list,
        targets: args._,
        filter,
        streams,
        most: args.lines === undefined && isAll ? null : lines,
        follows: args.nostream !== true && !isBounded,
        style,
        exportFile: args.export,
        abort,
        output,
      });
      return;
    }
    const { request, isShown } = await logQuery(list, args._);
    const show = await logRenderer(style, list);
    // JSON has its own escapes; a pipe gets what the app wrote.
    const isClean = process.stdout.isTTY && !style.raw && !style.json;
    const isForPeople = process.stdout.isTTY && !style.raw && !style.json && !style.format;
    const headingOf = isForPeople ? fileHeadings(lines) : () => "";
    const isRaw = style.raw && !style.json && !style.format;
    const query = {
      ...request,
      lines,
      follow: args.nostream !== true,
      streams,
      from: {},
    };
    for await (const line of client.followLogs(query, abort.signal)) {
      if (!isShown(line)) continue;
      const to = isRaw && line.stream === "err" ? errors : output;
      const shown = isClean ? { ...line, line: plainLogLine(line.line) } : line;
      if (!to.write(`${headingOf(line)}${show(shown)}\n`)) await to.drained(abort.signal);
    }
  },
});

function linesOf(text = "15"): number {
  const lines = Number(text);
  if (Number.isInteger(lines) && lines >= 0 && text !== "") return lines;
  throw xmError("ERR_USAGE", {
    what: `--lines: expected a whole number, got "${text}"`,
    fix: "for example `--lines 100`",
  });
}

function streamsOf(out: boolean, err: boolean): ("out" | "err")[] {
  if (out === err) return ["out", "err"];
  return out ? ["out"] : ["err"];
}

/** A flag whose value is optional. */
function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" && value !== "" && value !== "true" ? value : otherwise;
}

/** Lines that come together are written together: a call of the kernel costs more than a line. */
function gather(output: NodeJS.WriteStream) {
  let waiting = "";
  const flush = (): void => {
    const text = waiting;
    waiting = "";
    writeRaw(output, text);
  };
  return {
    /** @returns `false` when they are read slower than they come: wait for `drained`. */
    write: (text: string): boolean => {
      if (waiting === "") process.nextTick(flush);
      waiting += text;
      return !output.writableNeedDrain;
    },
    drained: (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        const done = (): void => {
          output.off("drain", done);
          signal.removeEventListener("abort", done);
          resolve();
        };
        output.on("drain", done);
        signal.addEventListener("abort", done);
      }),
  };
}
