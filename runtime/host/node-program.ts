import { closeSync, constants, openSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, isAbsolute } from "node:path";

/*
 * What a program is to Node. A name does not say it: Node is installed as `node20`, as a link, as a copy beside an app;
 * and what is started is often a command in front of the app (`npm start`, `env`, a shell) that starts Node itself.
 */

/** Whether a program is Node, of whatever version and by whatever name. */
export function isNode(program: string | null): boolean {
  if (program === null) return false;
  return isNodeName(basename(program)) || (isAbsolute(program) && isNodeFile(program));
}

/**
 * Whether a command that is not Node itself leads to a Node app: a shell, `env`, a script of Node's or of a shell's
 * (`npm`, `tsx`, `start.sh`), or another command with the name of such a one among its words (`nice node app.js`).
 */
function leadsToNode([command = "", ...words]: readonly string[]): boolean {
  const name = basename(command);
  if (otherLanguage.test(name) || otherUser.test(name)) return false;
  if (shells.has(name) || name === "env" || starters.has(name) || isOfScript(command)) return true;
  return words.some((word) => isNodeName(basename(word)) || packageManagers.has(basename(word)));
}

/** What of a declaration says which program runs. */
interface Command {
  readonly interpreter: string | null;
  readonly interpreterArgs: readonly string[];
  readonly script: string;
  readonly args: readonly string[];
}

/**
 * The command in front of a Node app, which starts it as a process of its own: `npm`, `tsx`, a shell.
 * @returns its name; `undefined` when the program is the app itself.
 */
export function commandInFront(program: Command): string | undefined {
  const { interpreter, interpreterArgs, script, args } = program;
  const first = interpreter ?? script;
  if (isNode(first)) {
    const name = basename(script).replace(/(?:-cli)?\.[cm]?js$/, "");
    return interpreter !== null && starters.has(name) ? name : undefined;
  }
  const words = interpreter === null ? args : [...interpreterArgs, script, ...args];
  return leadsToNode([first, ...words]) ? basename(first) : undefined;
}

/** `node`, `nodejs`, `node20`, `node-v22.1`. */
function isNodeName(name: string): boolean {
  return /^node(?:js)?(?:[-_]?v?\d[\d.]*)?$/.test(name);
}

const shells: ReadonlySet<string> = new Set(
  "sh bash dash zsh ksh mksh ash fish busybox".split(" "),
);

const packageManagers: ReadonlySet<string> = new Set("npm npx pnpm pnpx yarn corepack".split(" "));

/** Scripts of Node's that start another Node. */
const starters: ReadonlySet<string> = new Set([
  ...packageManagers,
  ..."cross-env cross-env-shell env-cmd dotenv dotenvx tsx nodemon concurrently".split(" "),
]);

/** Run-times that are not Node, and read none of its variables. */
const otherLanguage =
  /^(?:bun|bunx|deno|python|pypy|ruby|php|perl|java|lua|mono|dotnet)[-.\d]*(?:\.exe)?$/;

/** What comes after these runs as another user, or with another root: it cannot read a file of ours, and would die of it. */
const otherUser =
  /^(?:sudo|su|doas|runuser|gosu|su-exec|setpriv|chroot|docker|podman|nsenter|unshare|bwrap|firejail|ssh)$/;

/** Whether a file begins with a line that names Node, a shell or `env`. */
function isOfScript(file: string): boolean {
  if (!isAbsolute(file)) return false;
  const line = /^#!\s*(\S+)(?:\s+(?:-S\s+)?(\S+))?/.exec(beginning(file, 256).toString("latin1"));
  if (line === null) return false;
  const [first = "", second = ""] = line.slice(1).map((word) => basename(word ?? ""));
  const program = first === "env" ? second : first;
  return shells.has(program) || isNodeName(program);
}

/** Node exports its own start; other programs with Node's interfaces (Bun, Deno) do not. */
const startOfNode = Buffer.from("_ZN4node5Start");

/** The names that a program exports come first in its file; bytes. */
const lookWithin = 16 * 1024 * 1024;

/** Node without the data of ICU has more than this; bytes. */
const smallestNode = 20 * 1024 * 1024;

/** By path, and what file was there then. */
const known = new Map<string, { readonly file: string; readonly isNode: boolean }>();

function isNodeFile(path: string): boolean {
  if (otherLanguage.test(basename(path))) return false;
  try {
    const { dev, ino, size, mtimeMs } = statSync(path);
    const file = `${dev} ${ino} ${size} ${mtimeMs}`;
    const before = known.get(path);
    if (before?.file === file) return before.isNode;
    const isOne =
      isNodeName(basename(realpathSync(path))) || (size >= smallestNode && holdsNode(path));
    known.set(path, { file, isNode: isOne });
    return isOne;
  } catch {
    // It is not there, or not ours to read: the spawn says what is wrong with it.
    return false;
  }
}

function holdsNode(path: string): boolean {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const block = Buffer.allocUnsafe(1024 * 1024);
    for (let at = 0; at < lookWithin; at += block.length - startOfNode.length) {
      const length = readSync(descriptor, block, 0, block.length, at);
      if (at === 0 && block.toString("latin1", 0, 4) !== "\u007FELF") return false;
      if (block.subarray(0, length).includes(startOfNode)) return true;
      if (length < block.length) return false;
    }
    return false;
  } finally {
    closeSync(descriptor);
  }
}

/** The first bytes of a file; none when it cannot be read. */
function beginning(file: string, length: number): Buffer {
  let descriptor: number | undefined;
  try {
    if (!statSync(file).isFile()) return Buffer.alloc(0);
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const block = Buffer.alloc(length);
    return block.subarray(0, readSync(descriptor, block));
  } catch {
    return Buffer.alloc(0);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
