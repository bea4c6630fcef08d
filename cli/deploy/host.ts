import { randomBytes } from "node:crypto";
import { plain } from "../../runtime/contract/plain.ts";
import { remoteScript, type HostTask } from "./remote-script.ts";
import { runSsh, sshWords } from "./ssh.ts";
import type { DeployTarget } from "./target.ts";

/** What came of a task on one host. */
export interface HostResult {
  readonly host: string;
  readonly ok: boolean;
  /** What was checked out before, and what is now; `null` when the task does not change it. */
  readonly from: string | null;
  readonly to: string | null;
  /** Whether a deployment that failed was taken back. */
  readonly isReverted: boolean;
  /** `null` when it went well. */
  readonly why: string | null;
}

/** A line from a host: of what runs there, or what is being done. */
export type HostLine = { readonly step: string } | { readonly text: string };

/** Does a task on one host. It never throws for what happens on the other side. */
export async function runOnHost(call: {
  readonly target: DeployTarget;
  readonly host: string;
  readonly task: HostTask;
  readonly onLine: (line: HostLine) => void;
}): Promise<HostResult> {
  const { target, host, task, onLine } = call;
  // Output of programs there is not mistaken for ours.
  const mark = `xm-${randomBytes(12).toString("hex")}`;
  let from: string | null = null;
  let to: string | null = null;
  let why: string | null = null;
  let isReverted = false;
  let last = "";
  const code = await runSsh(sshWords(target, host), remoteScript(target, task, mark), (line) => {
    if (!line.startsWith(`${mark} `)) {
      if (line.trim() !== "") last = plain(line);
      return onLine({ text: line.split("\t").map(plain).join("\t") });
    }
    const [, word = "", told = ""] = /^(\S+) ?(.*)$/s.exec(line.slice(mark.length + 1)) ?? [];
    if (word === "step") onLine({ step: plain(told) });
    else if (word === "from") from = plain(told);
    else if (word === "to") to = plain(told);
    else if (word === "failed") why = plain(told);
    else if (word === "reverted") isReverted = true;
  });
  if (code !== 0 && why === null) {
    why = code === 255 ? `the connection failed: ${last}` : `it ended with code ${code}`;
  }
  return { host, ok: code === 0, from, to, isReverted, why };
}
