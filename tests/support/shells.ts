import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestHome } from "./home.ts";

export type Shell = "bash" | "zsh" | "fish";

/** Whether a shell can be asked; in CI, which installs them, a missing one is a failure. */
export function hasShell(shell: Shell): boolean {
  const isThere = (process.env["PATH"] ?? "")
    .split(":")
    .some((folder) => existsSync(join(folder, shell)));
  if (!isThere && process.env["CI"]) throw new Error(`CI has no ${shell}: .ci/run installs it`);
  return isThere;
}

/** What a shell completes a line to, with xm's script for it, sorted. */
export async function completionsIn(home: TestHome, shell: Shell, line: string): Promise<string[]> {
  const text = await run(home, shell, line);
  // fish puts the description behind a tab.
  const words = text.split("\n").map((each) => each.replace(/\t.*/, ""));
  return [...new Set(words.filter(Boolean))].sort();
}

async function run(home: TestHome, shell: Shell, line: string): Promise<string> {
  const [command = "", ...args] = commands[shell];
  const child = spawn(command, [...args, line], {
    cwd: home.folder,
    env: {
      PATH: `${home.folder}/bin:${process.env["PATH"]}`,
      HOME: home.folder,
      XM_HOME: home.paths.home,
      TERM: "dumb",
      LANG: "C.UTF-8",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0 && errors === "") resolve(output);
      else reject(new Error(`${shell} ended with ${code}: ${errors}\n${output}`));
    });
  });
}

/** The line is the last argument. */
const commands: Readonly<Record<Shell, readonly string[]>> = {
  bash: [
    "bash",
    "--norc",
    "-c",
    `eval "$(xm completion bash)"
COMP_LINE=$1 COMP_POINT=\${#1}
$(complete -p xm | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "\${COMPREPLY[@]}"`,
    "bash",
  ],
  fish: ["fish", "-c", `xm completion fish | source; complete -C "$argv[1]" ; true`],
  zsh: ["zsh", "-f", join(import.meta.dirname, "../fixtures/complete.zsh")],
};
