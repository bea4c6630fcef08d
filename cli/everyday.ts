import { entry, type CommandEntry } from "./call/entry.ts";

/** The commands that scripts and people call often: only these are in the file that every call parses. */
export const everyday: readonly CommandEntry[] = [
  entry(
    "list",
    async () => (await import("./commands/list.ts")).default,
    "ls",
    "l",
    "ps",
    "status",
  ),
  entry("jlist", async () => (await import("./commands/jlist.ts")).default),
  entry("ping", async () => (await import("./commands/daemon.ts")).ping),
];
