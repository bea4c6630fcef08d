import type { ExitFact } from "./exit.ts";

/** What an end or its last words mean. */
interface Entry {
  readonly means: string;
  /** Where that is written. */
  readonly source: string;
}

const sysexits = "sysexits.h, FreeBSD sysexits(3)";
const node = "Node.js, process: exit codes";
const shell = "POSIX 2024, Shell & Utilities, 2.8.2 Exit Status for Commands";

/** Exit codes that any program may use in this meaning. */
export const codeMeanings: Readonly<Record<number, Entry>> = {
  64: { means: "EX_USAGE: it was called with wrong arguments", source: sysexits },
  65: { means: "EX_DATAERR: its input was wrong", source: sysexits },
  66: { means: "EX_NOINPUT: an input file is missing or cannot be read", source: sysexits },
  67: { means: "EX_NOUSER: a user does not exist", source: sysexits },
  68: { means: "EX_NOHOST: a host does not exist", source: sysexits },
  69: { means: "EX_UNAVAILABLE: a service it needs is not available", source: sysexits },
  70: { means: "EX_SOFTWARE: an error of the program itself", source: sysexits },
  71: {
    means: "EX_OSERR: the operating system refused something, such as a fork",
    source: sysexits,
  },
  72: { means: "EX_OSFILE: a system file is missing or damaged", source: sysexits },
  73: { means: "EX_CANTCREAT: an output file cannot be created", source: sysexits },
  74: { means: "EX_IOERR: an error while reading or writing", source: sysexits },
  75: { means: "EX_TEMPFAIL: a temporary failure, worth another try", source: sysexits },
  76: { means: "EX_PROTOCOL: the other side broke the protocol", source: sysexits },
  77: { means: "EX_NOPERM: it lacks a permission", source: sysexits },
  78: { means: "EX_CONFIG: its configuration is wrong", source: sysexits },
  126: {
    means: "the shell found the command and could not run it: no permission, or no program",
    source: shell,
  },
  127: { means: "the shell did not find the command", source: shell },
};

/**
 * Exit codes of Node itself, for programs that Node runs. A program may end with the same small numbers for reasons of its
 * own: where Node says something with its code, it must have said it. Codes that only a broken Node gives are left out.
 */
export const nodeMeanings: Readonly<Record<number, Entry & { readonly said?: RegExp }>> = {
  5: { means: "a fatal error in V8", said: /FATAL ERROR|Fatal error in/, source: node },
  7: {
    means:
      "if the program does not use this code itself: the handler of an uncaught exception threw one",
    source: node,
  },
  9: {
    means: "Node was started with an invalid argument",
    said: /bad option|requires an argument|not allowed in NODE_OPTIONS|must be|cannot be used/,
    source: node,
  },
  12: {
    means: "the debugger's port is invalid or taken",
    said: /inspector/i,
    source: node,
  },
  13: {
    means: "a top-level await never settled: nothing was left that could settle it",
    source: node,
  },
};

/** Signals that say something of their sender or of a fault. */
export const signalMeanings: Readonly<Record<string, Entry>> = {
  SIGKILL: {
    means: "ended by force: `kill -9`, or the kernel when memory ran out (dmesg says which)",
    source: "signal(7)",
  },
  SIGTERM: { means: "asked to end, as `kill` and service managers do", source: "signal(7)" },
  SIGINT: { means: "interrupted, as by Ctrl-C", source: "signal(7)" },
  SIGHUP: { means: "its terminal was closed", source: "signal(7)" },
  SIGSEGV: {
    means: "an invalid memory access: a bug in native code",
    source: "signal(7)",
  },
  SIGBUS: {
    means: "an impossible memory access: a mapped file was truncated, or the disk is full",
    source: "signal(7)",
  },
  SIGABRT: {
    means: "it called abort(): a failed assertion; in Node usually a full heap",
    source: "signal(7)",
  },
  SIGILL: { means: "an instruction that this processor does not support", source: "signal(7)" },
  SIGFPE: { means: "a division by zero in native code", source: "signal(7)" },
  SIGXCPU: { means: "it used up its processor time (ulimit -t)", source: "signal(7)" },
  SIGXFSZ: { means: "a file became larger than allowed (ulimit -f)", source: "signal(7)" },
  SIGSYS: { means: "a system call that a sandbox forbids", source: "signal(7)" },
};

/** Numbers of signals, for codes above 128 (`128 + n`, as shells and containers report them). */
const signalNumbers: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

interface Wording extends Entry {
  readonly pattern: RegExp;
}

/** What programs say last. The first that matches counts. */
export const wordMeanings: readonly Wording[] = [
  {
    pattern: /\bEADDRINUSE\b|[Aa]ddress already in use/,
    means: "its port is taken",
    source: "bind(2)",
  },
  {
    pattern: /\bEACCES\b.*(?:\blisten\b|\bbind\b|:\d{1,3}\b)|\blisten EACCES\b/,
    means: "it is not allowed to listen there: ports below 1024 need root or CAP_NET_BIND_SERVICE",
    source: "bind(2), capabilities(7)",
  },
  {
    pattern: /NODE_MODULE_VERSION|was compiled against a different Node\.js version/,
    means: "a native module was built for another version of Node: run `npm rebuild` with this one",
    source: "Node.js, ABI stability",
  },
  {
    pattern: /ERR_DLOPEN_FAILED|invalid ELF header|wrong ELF class/,
    means:
      "a native module was built for another system or processor: install the packages here again",
    source: "dlopen(3)",
  },
  {
    pattern: /MODULE_NOT_FOUND|Cannot find (?:module|package)|ModuleNotFoundError/,
    means: "a module is missing: install the packages, or build the program",
    source: "Node.js, errors; Python, built-in exceptions",
  },
  {
    pattern: /ERR_REQUIRE_ESM|Cannot use import statement outside a module/,
    means:
      "an ES module was loaded as CommonJS: the package's \"type\" or the file's extension is wrong",
    source: "Node.js, errors",
  },
  {
    pattern: /heap out of memory|Reached heap limit/,
    means: "its heap is full: raise --max-old-space-size, or look for a leak",
    source: "V8",
  },
  {
    pattern: /\bEMFILE\b|too many open files/i,
    means: "it has used up its file descriptors (ulimit -n)",
    source: "errno(3)",
  },
  {
    pattern: /\bENOSPC\b|no space left on device/i,
    means: "the disk is full, or no inotify watches are left",
    source: "errno(3), inotify(7)",
  },
  {
    pattern: /\bECONNREFUSED\b/,
    means: "nothing listens at the address that it connects to",
    source: "connect(2)",
  },
  {
    pattern: /\bENOTFOUND\b|\bEAI_AGAIN\b/,
    means: "a host name cannot be resolved",
    source: "getaddrinfo(3)",
  },
  {
    pattern: /\bEACCES\b|\bEPERM\b|[Pp]ermission denied/,
    means: "a permission is missing",
    source: "errno(3)",
  },
];

/** An end, as far as it tells something. */
export type Told = Pick<ExitFact, "code" | "signal" | "askedBy"> & {
  readonly verdict?: unknown;
  readonly lastWords?: readonly string[] | undefined;
};

/**
 * What an end means in plain words: what the program said last, else its signal or its code. An end that somebody had
 * asked for, and exit code 0, need no explanation.
 * @returns `null` when nothing is known about it.
 */
export function meaningOf(exit: Told, options: { readonly isNode: boolean }): string | null {
  if (exit.askedBy !== null || exit.verdict !== undefined || exit.code === 0) return null;
  const said = (exit.lastWords ?? []).join("\n");
  const word = wordMeanings.find(({ pattern }) => pattern.test(said));
  if (word !== undefined) return word.means;
  if (exit.signal !== null) return signalMeanings[exit.signal]?.means ?? null;
  const { code } = exit;
  if (code === null) return null;
  const own = options.isNode ? nodeMeanings[code] : undefined;
  if (own !== undefined && (own.said?.test(said) ?? true)) return own.means;
  const signal = signalNumbers[code - 128];
  if (signal !== undefined)
    return `128 + ${code - 128}, which is ${signal}: ${signalMeanings[signal]?.means}`;
  return codeMeanings[code]?.means ?? null;
}

/** The port that was taken, where the last words say one. */
export function takenPort(lastWords: readonly string[]): number | null {
  for (const line of lastWords) {
    if (!/EADDRINUSE|ddress already in use/.test(line)) continue;
    // Node ends its line with the port, Go names it before `bind`.
    const port = Number(/:(\d{1,5})(?:\)?\s*$|: bind)/.exec(line.trim())?.[1] ?? Number.NaN);
    if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  }
  return null;
}
