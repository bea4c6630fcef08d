import { closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { errnoOf, xmError } from "../../contract/errors.ts";
import { findNodeVersion } from "./node-version.ts";
import { splitWords } from "./split-words.ts";
import { expandHome } from "./values.ts";
import { findInPath, isExecutable, isFile } from "../../host/node.ts";

/** What is run, and by what. Paths are absolute. */
export interface Program {
  readonly script: string;
  readonly args: readonly string[];
  readonly interpreter: string | null;
  readonly interpreterArgs: readonly string[];
  /** Variables the interpreter needs, below the app's own. */
  readonly env: Readonly<Record<string, string>>;
}

/** PM2's table of interpreters by extension; TypeScript runs on Node here. */
const byExtension: Readonly<Record<string, string>> = {
  ".js": "node",
  ".cjs": "node",
  ".mjs": "node",
  ".ts": "node",
  ".mts": "node",
  ".cts": "node",
  ".tsx": "node",
  ".py": "python3",
  ".sh": "bash",
  ".rb": "ruby",
  ".php": "php",
  ".pl": "perl",
  ".coffee": "coffee",
  ".ls": "lsc",
};

/**
 * Finds what runs a script.
 * @param interpreter a name looked up in PATH, a path, `none`, or `node@VERSION`; arguments may follow it.
 * @throws `ERR_SCRIPT_NOT_FOUND`, `ERR_INTERPRETER_NOT_FOUND`, `ERR_NODE_NOT_INSTALLED`.
 */
export function resolveProgram(options: {
  readonly script: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly interpreter: string | undefined;
  readonly interpreterArgs: readonly string[];
  /** The app's own `NODE_OPTIONS`. */
  readonly nodeOptions?: string | undefined;
  /** The caller's: its PATH is searched. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}): Program {
  const { args, cwd, variables } = options;
  const path = variables["PATH"];
  const beside = resolve(cwd, options.script);
  if (isFolder(beside)) return inFolder(beside, options);
  const isBeside = isFile(beside);
  const file = isBeside ? beside : findCommand(options.script, path);
  if (file === undefined) return shellLine(options.script, { args, path, file: beside });
  const declared = wordsOf(options.interpreter ?? "", cwd);
  const [wanted, ...wantedArgs] = declared.length > 0 ? declared : nodeInFirstLine(file);
  const interpreterArgs = [...wantedArgs, ...options.interpreterArgs];
  const usual = !isBeside || runsByItself(file) ? "none" : "node";
  const name = wanted ?? byExtension[extname(file)] ?? usual;
  if (name === "none") return { script: file, args, interpreter: null, interpreterArgs, env: {} };
  const interpreter = interpreterNamed(name, { file, cwd, variables });
  const isTypeScript =
    interpreter === process.execPath &&
    /\.[cm]?tsx?$/.test(file) &&
    !hasLoader([...interpreterArgs, ...wordsIn(options.nodeOptions)]);
  return {
    script: file,
    args,
    interpreter,
    interpreterArgs: [...(isTypeScript ? typeScriptArgs(file, cwd) : []), ...interpreterArgs],
    // Python holds its output back when it is not a terminal.
    env: basename(name).startsWith("python") ? { PYTHONUNBUFFERED: "1" } : {},
  };
}

/** Node looks for the file itself at each start: a deployment may change which it is. */
function inFolder(
  folder: string,
  { args, cwd, interpreter, interpreterArgs, variables }: Parameters<typeof resolveProgram>[0],
): Program {
  const [wanted = "node", ...wantedArgs] = wordsOf(interpreter ?? "", cwd);
  if (wanted === "none" || mainOf(folder) === undefined)
    throw xmError("ERR_SCRIPT_NOT_FOUND", { script: join(folder, "index.js") });
  return {
    script: folder,
    args,
    interpreter: interpreterNamed(wanted, { file: folder, cwd, variables }),
    interpreterArgs: [...wantedArgs, ...interpreterArgs],
    env: {},
  };
}

/** A command of PATH is the program that it names: what runs it is found as for any other file. */
function findCommand(script: string, path: string | undefined): string | undefined {
  return /[\s/]/.test(script) ? undefined : findInPath(script, path);
}

/**
 * A command line runs through a shell; `args` are words after its own, whatever is in them.
 * @throws `ERR_SCRIPT_NOT_FOUND` for what is not a command line.
 */
function shellLine(
  line: string,
  { args, path, file }: { args: readonly string[]; path: string | undefined; file: string },
): Program {
  if (!/\s/.test(line.trim())) throw xmError("ERR_SCRIPT_NOT_FOUND", { script: file });
  const script = findInPath("bash", path) ?? "/bin/sh";
  const words = args.length === 0 ? [line] : [`${line} "$@"`, basename(script), ...args];
  return { script, args: ["-c", ...words], interpreter: null, interpreterArgs: [], env: {} };
}

/**
 * Node and its arguments, when a script without a known extension begins with `#!/usr/bin/env node`: by itself
 * it would run too, but as no Node app, without messages and without cluster mode.
 */
function nodeInFirstLine(file: string): string[] {
  if (byExtension[extname(file)] !== undefined) return [];
  const line = /^#!([^\n]*)/.exec(beginningOf(file))?.[1] ?? "";
  const said = /^\s*(?:\S*\/env\s+(?:-S\s+)?)?(?:\S*\/)?(?:node|nodejs)(?:\s(.*))?$/.exec(
    line.trimEnd(),
  );
  return said === null ? [] : ["node", ...splitWords(said[1] ?? "")];
}

/** A program of the machine's, or a script that says by what it runs; PM2 gives whatever else there is to Node. */
function runsByItself(file: string): boolean {
  return isExecutable(file) && /^(?:#!|\u007FELF)/.test(beginningOf(file));
}

/** The first line and more, if it can be read. */
function beginningOf(file: string): string {
  if (!isFile(file)) return "";
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const block = Buffer.alloc(256);
    return block.toString("latin1", 0, readSync(descriptor, block));
  } catch (error) {
    if (errnoOf(error) !== "EACCES") throw error;
    // It may be run and not be read: a program.
    return "\u007FELF";
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** An interpreter and its arguments; a path with a space in it is one word. */
function wordsOf(interpreter: string, cwd: string): string[] {
  if (!/\s/.test(interpreter) || isFile(resolve(cwd, expandHome(interpreter)))) {
    return interpreter === "" ? [] : [interpreter];
  }
  const words = splitWords(interpreter);
  // `/usr/bin/env node` is Node; with options or variables it is `env`.
  const [first = "", next = "-"] = words;
  return basename(first) === "env" && !/^-|=/.test(next) ? words.slice(1) : words;
}

/** Whether Node loads something that reads TypeScript, or any loader of the app's own. */
function hasLoader(words: readonly string[]): boolean {
  return words.some((word, index) => {
    const [name = "", ...values] = word.split("=");
    const value = values.length > 0 ? values.join("=") : (words[index + 1] ?? "");
    if (/^--experimental-(?:strip|transform)-types$/.test(word)) return true;
    if (/^--(?:experimental-)?loader$/.test(name)) return true;
    if (!/^(?:-r|--require|--import)$/.test(name)) return false;
    return readsTypeScript.test(value) || /^(?:\.{0,2}\/|file:|data:)/.test(value);
  });
}

/** What people load for it. */
const readsTypeScript =
  /ts-node|tsx|swc|esbuild|sucrase|babel|jiti|typescript|tsimp|ts-blank-space|amaro|tsm/;

function wordsIn(options: string | undefined): string[] {
  return options === undefined ? [] : splitWords(options);
}

/** The file that Node runs for a folder: `main` of its package, or its index. */
function mainOf(folder: string): string | undefined {
  try {
    return createRequire(join(folder, "package.json")).resolve(folder);
  } catch (error) {
    if (errnoOf(error) !== "MODULE_NOT_FOUND") throw error;
    return undefined;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

function interpreterNamed(
  name: string,
  place: { file: string; cwd: string; variables: Readonly<Record<string, string | undefined>> },
): string {
  const { file, cwd, variables } = place;
  if (name === "node") return process.execPath;
  const version = /^node(?:js)?@(.+)$/.exec(name)?.[1];
  if (version !== undefined) {
    const found = findNodeVersion(version, variables);
    if (found === undefined) throw xmError("ERR_NODE_NOT_INSTALLED", { version, script: file });
    return found;
  }
  const command = name.includes("/") ? resolve(cwd, expandHome(name)) : name;
  const found = findInPath(command, variables["PATH"]);
  if (found === undefined) {
    throw xmError("ERR_INTERPRETER_NOT_FOUND", { interpreter: name, script: file });
  }
  return found;
}

/** Whether this Node strips types by itself. */
export function runsTypeScript(): boolean {
  return Boolean((process.features as { typescript?: unknown }).typescript);
}

/** Node strips types itself from 22.18 on; before that the app's own `tsx` does. */
function typeScriptArgs(file: string, cwd: string): string[] {
  if (runsTypeScript()) return [];
  for (const from of [file, join(cwd, "package.json")]) {
    try {
      return ["--import", pathToFileURL(createRequire(from).resolve("tsx")).href];
    } catch (error) {
      if (errnoOf(error) !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw xmError("ERR_USAGE", {
    what: `${file} is TypeScript, and Node ${process.version} does not run it by itself`,
    fix: "install `tsx` in the app, or run it with Node 22.18 or newer",
  });
}
