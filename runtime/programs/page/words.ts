import type { ProcessStatus } from "../../../machines/facts.ts";
import { statusWord } from "../../compat/status.ts";
import type { ProcessView } from "../../contract/api/schemas.ts";
import { plain } from "../../contract/plain.ts";

/** A mark for every status, so that colour is not the only sign. */
export const statusMarks: Readonly<Record<ProcessStatus, string>> = {
  online: "●",
  starting: "◐",
  stopping: "◒",
  waiting: "◷",
  pending: "◌",
  stopped: "■",
  errored: "✖",
  completed: "✔",
  failed: "✘",
  removed: "∅",
};

export { statusWord };

/** `Its watch fails: /srv/api cannot be watched: …` */
export function troublesText(troubles: ProcessView["troubles"]): string {
  return troubles.map(({ sensor, reason }) => `Its ${sensor} fails: ${plain(reason)}.`).join(" ");
}

/** `12.3 MB`, `1.2 GB`. */
export function bytes(value: number | null): string {
  if (value === null) return "–";
  if (value < 2 ** 20) return `${Math.round(value / 2 ** 10)} KB`;
  if (value < 2 ** 30) return `${(value / 2 ** 20).toFixed(value < 10 * 2 ** 20 ? 1 : 0)} MB`;
  return `${(value / 2 ** 30).toFixed(2)} GB`;
}

export function percent(value: number | null): string {
  return value === null ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

/** `14:03:27.120` */
export function clock(at: number, withMs = true): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return withMs ? `${time}.${String(date.getMilliseconds()).padStart(3, "0")}` : time;
}

/** `25 Nov 14:03:27.120` when it is of another day than `now`. */
export function moment(at: number, now: number): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  if (isToday) return clock(at);
  const day = new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return `${day} ${clock(at)}`;
}
