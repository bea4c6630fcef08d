import { join } from "node:path";
import type { AppSpec, LogFile } from "../../../machines/spec.ts";
import type { HomePaths } from "../../host/home/paths.ts";
import { fileName } from "./app-names.ts";
import type { ReadApp } from "./read-fields.ts";
import { rotationOf } from "./rotation.ts";
import { absolute, text } from "./values.ts";

export function logsOf(
  app: ReadApp,
  place: { name: string; cwd: string; home: HomePaths; mergeLogs: boolean },
): AppSpec["logs"] {
  const { name, cwd, home: paths, mergeLogs } = place;
  const file = (value: string | undefined, otherwise: string): string | null => {
    const path = value ?? otherwise;
    return path === "NULL" || path === "/dev/null" ? null : absolute(path, cwd);
  };
  const logs = (suffix: string): string =>
    join(paths.logs, `${fileName(name, paths)}${suffix}.log`);
  const both = app["log_file"];
  const isNamed = typeof both === "string" && both !== "";
  const hasBoth = both === true || both === "";
  const isNumbered: Readonly<Record<LogFile, boolean>> = {
    out: takesNumber(text(app, "out_file")),
    error: takesNumber(text(app, "error_file")),
    combined: hasBoth || (isNamed && takesNumber(both)),
  };
  return {
    out: file(text(app, "out_file"), logs("-out")),
    error: file(text(app, "error_file"), logs("-error")),
    combined: isNamed ? file(both, "") : hasBoth ? logs("") : null,
    numbered: mergeLogs ? [] : logFiles.filter((each) => isNumbered[each]),
    isOff: app["disable_logs"] === true,
    type: logTypes.find((type) => type === app["log_type"]) ?? "plain",
    // PM2: `time` is a format of its own, whatever other one is declared.
    dateFormat: app["time"] === true ? timeFormat : (text(app, "log_date_format") ?? null),
    ...rotationOf(app),
  };
}

/** PM2: a file that was named gets the process's id before `.log`; any other ending makes it one file for all of them. */
export function takesNumber(named: string | undefined): boolean {
  return named === undefined || named.endsWith(".log");
}

const logFiles: readonly LogFile[] = ["out", "error", "combined"];

/** What changes lines; any other word leaves them as they are. */
const logTypes = ["json", "pairs", "labelled"] as const;

/** PM2's `time: true`. */
const timeFormat = "YYYY-MM-DDTHH:mm:ss";
