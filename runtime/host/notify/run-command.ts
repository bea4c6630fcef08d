import { spawn } from "node:child_process";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import type { Message } from "../../contract/notify.ts";
import type { Sent } from "./sent.ts";
import { subjectOf } from "./words.ts";

/** What is kept of what it says about its failure; characters. */
const mostWords = 300;

/** Runs a program in a group of its own with the message on its input, and kills the group at the time limit. */
export function runCommand(options: {
  readonly file: string | undefined;
  readonly args: readonly string[];
  readonly input: string;
  readonly limitMs: number;
  readonly message: Message;
  readonly signal: AbortSignal | undefined;
}): Promise<Sent> {
  const { file = "", args, input, limitMs, message, signal } = options;
  const [first] = message.notices;
  const child = spawn(file, args, {
    detached: true,
    cwd: "/",
    stdio: ["pipe", "ignore", "pipe"],
    env: {
      ...process.env,
      XM_EVENT: message.notices.length === 1 ? first?.event : "digest",
      XM_APP: first?.app,
      XM_SUBJECT: subjectOf(message),
      XM_MESSAGE_ID: message.id,
      XM_REPEATED: String(message.repeated),
    },
  });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-mostWords);
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve) => {
    const end = (sent: Sent): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
      resolve(sent);
    };
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch (error) {
        if (errnoOf(error) !== "ESRCH") throw error;
      }
    };
    const timer = setTimeout(() => {
      kill();
      end({ isSent: false, why: `it did not end within ${limitMs} ms`, isFinal: false });
    }, limitMs);
    signal?.addEventListener("abort", kill);
    child.on("error", (error) => {
      const isFinal = errnoOf(error) === "ENOENT";
      end({ isSent: false, why: messageOf(error), isFinal });
    });
    // A child of it may hold its error output for longer.
    child.on("exit", (code, by) => {
      const why = `${by ?? `exit code ${code}`}${words.trim() === "" ? "" : `: ${words.trim()}`}`;
      end({ isSent: code === 0, why, isFinal: false });
    });
  });
}
