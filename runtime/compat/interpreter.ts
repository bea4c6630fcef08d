import { basename, delimiter, dirname } from "node:path";
import type { AppSpec } from "../../machines/spec.ts";

/** An interpreter as PM2 names it: as it was declared, else `node`, the path of Node, `none`, or the name of what PATH has. */
export function interpreterWord({ interpreter, env, script, passthrough }: AppSpec): string {
  const { exec_interpreter: declared } = passthrough;
  if (typeof declared === "string") return declared;
  if (interpreter === null) return "none";
  // PM2's table of extensions says `node`; whatever is not in it runs by its own Node's path.
  if (interpreter === process.execPath && /\.m?js$/.test(script)) return "node";
  if (/^node(js)?$/.test(basename(interpreter))) return interpreter;
  const folders = (env["PATH"] ?? "").split(delimiter);
  if (!folders.includes(dirname(interpreter))) return interpreter;
  const word = basename(interpreter);
  return word === "python3" && script.endsWith(".py") ? "python" : word;
}
