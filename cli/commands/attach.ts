import { showLine } from "../render/log-line.ts";
import { plain } from "../../runtime/contract/plain.ts";
import { createInterface } from "node:readline";
import { connect } from "../../runtime/client/connection/client.ts";
import { outputFromNow } from "../../runtime/client/connection/output.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { targetArgs, xmCommand } from "../call/command.ts";
import { tellFailure } from "../render/outcomes.ts";
import { paint } from "../render/colors.ts";
import { resolveTargets } from "../apps/targets.ts";

/** How long it waits for the answer to the last line after the end of its input, */
const answersWithinMs = 2_000;

/** and for what follows, until nothing has come for this long; ms. */
const silentForMs = 500;

export default xmCommand({
  name: "attach",
  description:
    "Attaches this terminal to a process: typed lines go to its input, its output appears here",
  args: {
    target: targetArgs.target,
    separator: {
      type: "positional",
      description: "line that detaches (also Ctrl-C, Ctrl-D)",
      required: false,
    },
  },
  run: async ({ args }) => {
    const [target, separator] = args._;
    if (target === undefined) {
      throw xmError("ERR_USAGE", { what: "no process named", fix: "for example `xm attach 0`" });
    }
    const client = connect();
    const [chosen, ...others] = await resolveTargets(client, [target]);
    if (chosen === undefined || others.length > 0) {
      const ids = [chosen, ...others].map((each) => each?.id).join(", ");
      throw xmError("ERR_USAGE", {
        what: `${target} matches several processes`,
        fix: `name one: ${ids}`,
      });
    }
    const { id, name } = chosen;
    const abort = new AbortController();
    const output = await outputFromNow(client, id, abort.signal);
    const input = createInterface({ input: process.stdin });
    // Typed lines wait for each other, so that they arrive as they were typed.
    let last = Promise.resolve();
    let timer: NodeJS.Timeout | undefined;
    const detach = (): void => {
      clearTimeout(timer);
      abort.abort();
      input.close();
    };
    const detachIn = (ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(detach, ms);
    };
    const send = async (line: string): Promise<void> => {
      const [outcome] = await client.input([id], `${line}\n`);
      if (outcome?.ok === true) return;
      tellFailure({ name, id, message: outcome?.message ?? "it is gone" });
      detach();
    };
    process.once("SIGINT", detach);
    let isOver = false;
    input.on("line", (line) => {
      if (isOver) return;
      isOver = separator !== undefined && line === separator;
      if (isOver) void last.finally(detach);
      else last = last.then(() => send(line));
    });
    let hasEnded = false;
    input.on("close", () => {
      hasEnded = true;
      void last.finally(() => {
        if (!abort.signal.aborted) detachIn(answersWithinMs);
      });
    });
    const how = separator === undefined ? "Ctrl-D" : `the line ${separator}`;
    process.stderr.write(paint("grey", `attached to ${plain(name)} (${id}); ${how} detaches\n`));
    for await (const { stream, line } of output) {
      showLine(stream === "out" ? process.stdout : process.stderr, line);
      if (hasEnded) detachIn(silentForMs);
    }
  },
});
