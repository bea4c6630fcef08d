import { spawn } from "node:child_process";
import { errnoOf, messageOf, xmError } from "../../runtime/contract/errors.ts";
import { shellWord } from "../call/shell-word.ts";
import { eachLine } from "./each-line.ts";
import type { DeployTarget } from "./target.ts";

/**
 * Reads the script, chooses the shell that a person would have there, with what its profile sets, and gives it the script. That
 * appears in no command line: every user of either machine can read those.
 */
const inLoginShell = `XM_DEPLOY=$(cat)
export XM_DEPLOY
case \${SHELL##*/} in bash | zsh | ksh | fish) ;; *) SHELL=/bin/sh ;; esac
exec "$SHELL" -l -c "exec /bin/sh -c 'eval \\"\\$XM_DEPLOY\\"'"`;

/** The words of the ssh(1) call that runs a script on a host; it reads the script from its input. */
export function sshWords(target: DeployTarget, host: string): string[] {
  const { user, port, key, sshOptions } = target;
  return [
    ...sshOptions.flatMap((option) => ["-o", option]),
    ...(port === undefined ? [] : ["-p", port]),
    ...(key === undefined ? [] : ["-i", key]),
    "-T",
    "--",
    user === undefined ? host : `${user}@${host}`,
    `exec /bin/sh -c ${shellWord(inLoginShell)}`,
  ];
}

/**
 * Runs ssh(1) and gives its exit code; 255 is that of a connection that failed.
 * @param onLine is called with each line of both outputs.
 * @throws `ERR_DEPLOY_FAILED` when there is no ssh
 */
export function runSsh(
  words: readonly string[],
  script: string,
  onLine: (line: string) => void,
): Promise<number> {
  const child = spawn("ssh", words, { stdio: ["pipe", "pipe", "pipe"] });
  // A connection that failed has its exit code.
  child.stdin.on("error", () => {});
  child.stdin.end(script);
  for (const stream of [child.stdout, child.stderr]) eachLine(stream, onLine);
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      const isMissing = errnoOf(error) === "ENOENT";
      const why = isMissing ? "ssh is not in PATH: install OpenSSH's client" : messageOf(error);
      reject(xmError("ERR_DEPLOY_FAILED", { what: "no host was reached", why }));
    });
    child.on("close", (code) => resolve(code ?? 255));
  });
}
