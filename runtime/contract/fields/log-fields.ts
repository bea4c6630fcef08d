import { field, type Field } from "./field.ts";

const own =
  "for files that Ex Machina names itself; others are rotated if one of these fields is set";

/** What becomes of an app's log files in time. */
export const rotationFields: readonly Field[] = [
  field(
    "Logs",
    "log_max_size",
    "size",
    "Rotates a log file that is larger than this; 0: never by size.",
    {
      default: `50M ${own}`,
    },
  ),
  field(
    "Logs",
    "log_retain",
    "retain",
    "Number of rotated files to keep of each log file; `all` keeps every one.",
    { default: "10" },
  ),
  field("Logs", "log_compress", "boolean", "Compresses rotated files with gzip.", {
    default: "true",
  }),
  field(
    "Logs",
    "log_rotate",
    "cron",
    "Also rotates its log files by a cron pattern, or `hourly`, `daily`, `weekly`, `monthly`; 0 for none.",
  ),
  field("Logs", "log_max_age", "age", "Removes rotated files older than this."),
  field(
    "Logs",
    "log_max_total",
    "size",
    "Maximum total size of the rotated files of one log file; the oldest are removed.",
  ),
  field(
    "Logs",
    "log_date_suffix",
    "file time",
    "Time format in the names of rotated files, in dayjs's tokens.",
    { default: "YYYY-MM-DD_HH-mm-ss" },
  ),
];
