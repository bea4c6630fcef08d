import { field, type Field } from "./field.ts";

const own = "for files that Ex Machina named itself; others are rotated when one of these is given";

/** What becomes of an app's log files in time. */
export const rotationFields: readonly Field[] = [
  field("Logs", "log_max_size", "size", "Rotates a log file that is larger; 0 for any size.", {
    default: `50M ${own}`,
  }),
  field(
    "Logs",
    "log_retain",
    "retain",
    "How many rotated files are kept of each log file; `all` keeps all.",
    { default: "10" },
  ),
  field("Logs", "log_compress", "boolean", "Compresses rotated files with gzip.", {
    default: "true",
  }),
  field(
    "Logs",
    "log_rotate",
    "cron",
    "Rotates its log files by a cron pattern too, or `hourly`, `daily`, `weekly`, `monthly`; 0 for none.",
  ),
  field("Logs", "log_max_age", "age", "Removes rotated files that are older."),
  field(
    "Logs",
    "log_max_total",
    "size",
    "Removes the oldest rotated files of a log file while they take more together.",
  ),
  field(
    "Logs",
    "log_date_suffix",
    "file time",
    "Time format in the names of rotated files, in dayjs's tokens.",
    { default: "YYYY-MM-DD_HH-mm-ss" },
  ),
];
