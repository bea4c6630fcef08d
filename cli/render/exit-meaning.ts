import { meaningOf } from "../../machines/exit-dictionary.ts";
import { plain } from "../../runtime/contract/plain.ts";
import type { ProcessDetail } from "../../runtime/client/connection/types.ts";
import { paint } from "./colors.ts";

/** What the last end means, and who has the port that it could not have. */
export function meaningRows(detail: ProcessDetail): string[] {
  const { lastExit, failure, spec, portHolder } = detail;
  if (lastExit === null || failure !== null) return [];
  const isNode = /(^|\/)node(js)?$/.test(spec.interpreter ?? "");
  const meaning = meaningOf(lastExit, { isNode });
  if (meaning === null) return [];
  const rows = [`  ${paint("yellow", `That means: ${meaning}.`)}`];
  if (portHolder === null) return rows;
  const { port, pid, command, app } = portHolder;
  const holder =
    pid === null
      ? "nothing listens there now, or it is a process of another user"
      : `pid ${pid}${app === null ? "" : ` of the app ${app}`} listens there now${command === null ? "" : ` (${command})`}`;
  return [...rows, `  ${paint("yellow", plain(`Port ${port}: ${holder}.`))}`];
}
