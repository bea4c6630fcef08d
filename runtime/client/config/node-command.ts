import { basename } from "node:path";
import type { ReadApp } from "./read-fields.ts";
import { text } from "./values.ts";

/** Flags of Node's that take the next word, too. */
const takesWord =
  /^(?:-r|--require|--import|-C|--conditions|--loader|--experimental-loader|--env-file|--env-file-if-exists|--title|--stack-trace-limit|--max-http-header-size)$/;

/**
 * `{ script: "node", args: "--no-warnings dist/main.js --port 3000" }` as the cluster that it is wanted as: the file that
 * Node is given is the program, what stands before it is said to Node. Any other app is given back as it is.
 */
export function unwrapNode(app: ReadApp): ReadApp {
  const script = (text(app, "script") ?? "").trim();
  const args = (app["args"] as readonly string[] | undefined) ?? [];
  const isNode = /^node(?:js)?$/.test(basename(script)) && !/\s/.test(script);
  const wanted = text(app, "interpreter");
  if (!isNode || (wanted !== undefined && wanted !== "none")) return app;
  let at = 0;
  while (args[at]?.startsWith("-")) at += takesWord.test(args[at] ?? "") ? 2 : 1;
  const file = args[at];
  // `-e`, `-p` and `--eval` have no file.
  if (
    file === undefined ||
    args.slice(0, at).some((word) => /^-(?:e|p|-eval|-print|-test)/.test(word))
  )
    return app;
  const before = (app["node_args"] as readonly string[] | undefined) ?? [];
  return {
    ...app,
    script: file,
    args: args.slice(at + 1),
    interpreter: script,
    node_args: [...before, ...args.slice(0, at)],
  };
}
