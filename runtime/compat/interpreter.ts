import { basename, delimiter, dirname } from "node:path";
import type { AppSpec } from "../../machines/spec.ts";

/** An interpreter as PM2 names it: `node`, `none`, the name of what PATH has, else its path. */
export function interpreterWord({ interpreter, env }: AppSpec): string {
  if (interpreter === null) return "none";
  if (interpreter === process.execPath) return "node";
  const folders = (env["PATH"] ?? "").split(delimiter);
  return folders.includes(dirname(interpreter)) ? basename(interpreter) : interpreter;
}
