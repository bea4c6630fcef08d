import { entry, type CommandEntry } from "./call/entry.ts";

/** What scripts and people call again and again: these alone are in the file that every call parses. */
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
