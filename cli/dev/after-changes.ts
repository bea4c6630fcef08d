import { spawn } from "node:child_process";
import type { Client } from "../../runtime/client/connection/types.ts";

/** Runs a shell's command after each restart that a changed file has caused; never two at a time. */
export async function afterChanges(options: {
  readonly client: Client;
  readonly command: string;
  readonly isSilent: boolean;
  readonly say: (line: string) => void;
}): Promise<void> {
  const { client, command, isSilent, say } = options;
  let runs = false;
  let isWanted = false;
  const run = (): void => {
    isWanted = true;
    if (runs) return;
    runs = true;
    isWanted = false;
    const output = isSilent ? "ignore" : "inherit";
    const child = spawn("/bin/sh", ["-c", command], { stdio: ["ignore", output, output] });
    child.on("error", ({ message }) => say(`--post-exec: ${message}`));
    child.on("close", (code) => {
      if (code !== 0) say(`--post-exec ended with ${code}`);
      runs = false;
      if (isWanted) run();
    });
  };
  try {
    for await (const { kind, sensor, exit } of client.events()) {
      // The end by which a changed file is followed.
      if (kind === "process" && sensor === "watch" && exit === null) run();
    }
  } catch {
    // The daemon has ended, and this call with it.
  }
}
