import { connect } from "../../runtime/client/client.ts";
import type { ProcessView } from "../../runtime/client/types.ts";
import { xmError } from "../../runtime/errors.ts";
import { xmCommand } from "../command.ts";
import { printList, renderMiniList } from "../render/list.ts";

export default xmCommand({
  name: "list",
  description: "Shows the table of all processes",
  args: {
    "mini-list": {
      type: "boolean",
      alias: "m",
      description: "A few lines per process instead of the table",
    },
    sort: {
      type: "string",
      description:
        "By name, id, pid, memory, cpu, status, uptime or restarts; `:desc` turns it around",
      valueHint: "FIELD[:desc]",
    },
  },
  run: async ({ args }) => {
    const list = sorted(await connect().list({ metrics: true }), args.sort);
    if (args["mini-list"]) process.stdout.write(`${renderMiniList(list, Date.now())}\n`);
    else printList(list);
  },
});

const sortKeys: Readonly<Record<string, (process: ProcessView) => number | string>> = {
  name: ({ name }) => name,
  id: ({ id }) => id,
  pid: ({ pid }) => pid ?? 0,
  memory: ({ memoryBytes }) => memoryBytes ?? 0,
  cpu: ({ cpuPercent }) => cpuPercent ?? 0,
  status: ({ status }) => status,
  uptime: ({ startedAt }) => (startedAt === null ? 0 : -startedAt),
  restarts: ({ restarts }) => restarts,
};

/** PM2's `--sort field:order`. */
function sorted(list: ProcessView[], by: string | undefined): ProcessView[] {
  if (by === undefined) return list;
  const [field = "", order] = by.split(":");
  const key = sortKeys[field];
  if (key === undefined) {
    const fix = `sort by ${Object.keys(sortKeys).join(", ")}`;
    throw xmError("ERR_USAGE", { what: `nothing to sort by: "${field}"`, fix });
  }
  const sign = order === "desc" ? -1 : 1;
  return list.toSorted((a, b) => sign * compare(key(a), key(b)));
}

function compare(a: number | string, b: number | string): number {
  return typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b);
}
