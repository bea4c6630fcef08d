import { hostname } from "node:os";
import { connect } from "../../runtime/client/connection/client.ts";
import type { ProcessDetail } from "../../runtime/client/connection/types.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import type { Message } from "../../runtime/contract/notify.ts";
import { plain } from "../../runtime/contract/plain.ts";
import { send } from "../../runtime/host/notify/send.ts";
import { matchNamed } from "../apps/targets.ts";
import { xmCommand } from "../call/command.ts";

export default xmCommand({
  name: "notify",
  description:
    "Sends a sample to the targets that apps declare in `notify`: `xm notify test [NAME]`",
  args: {
    action: { type: "positional", description: "test", required: true },
    app: {
      type: "positional",
      description: "id, name or namespace (default: all)",
      required: false,
    },
  },
  run: async ({ args }) => {
    const [action, name = "all"] = args._;
    if (action !== "test") {
      throw xmError("ERR_USAGE", {
        what: `no such action of notify: ${plain(String(action))}`,
        fix: "for example `xm notify test`, `xm notify test api`",
      });
    }
    const all = await connect().details();
    const chosen = name === "all" ? all : matchNamed(all, name);
    if (name !== "all" && chosen.length === 0)
      throw xmError("ERR_PROCESS_NOT_FOUND", { target: name });
    const samples = samplesOf(chosen);
    if (samples.length === 0) {
      throw xmError("ERR_USAGE", {
        what: name === "all" ? "no app declares notify" : `${plain(name)} declares no notify`,
        fix: 'for example notify: [{ on: ["errored"], webhook: "https://…" }] in its ecosystem file',
      });
    }
    const results = await Promise.all(samples.map(sendSample));
    for (const { label, isSent, why } of results) {
      const line = `${plain(label)}: ${isSent ? "sent" : "not sent"} (${plain(why)})\n`;
      if (isSent) process.stdout.write(line);
      else process.stderr.write(`xm: ${line}`);
    }
    if (results.some(({ isSent }) => !isSent)) process.exitCode = 1;
  },
});

type Rule = NonNullable<ProcessDetail["spec"]["notify"]>[number];

interface Sample {
  readonly detail: ProcessDetail;
  readonly rule: Rule;
}

/** Each target once, whatever number of processes and rules name it. */
function samplesOf(details: readonly ProcessDetail[]): Sample[] {
  const samples = new Map<string, Sample>();
  for (const detail of details) {
    for (const rule of detail.spec.notify ?? []) {
      const key = `${detail.app} ${JSON.stringify(rule.target)}`;
      if (!samples.has(key)) samples.set(key, { detail, rule });
    }
  }
  return [...samples.values()];
}

async function sendSample({
  detail,
  rule,
}: Sample): Promise<{ label: string; isSent: boolean; why: string }> {
  const { name, namespace, id, restarts, spec } = detail;
  const at = Date.now();
  const message: Message = {
    id: `test-${at}-${id}`,
    leftOut: 0,
    repeated: false,
    notices: [
      {
        id: `test-${at}`,
        event: "test",
        at,
        host: hostname(),
        app: name,
        namespace,
        process: id,
        sentence: "This is a sample, sent by `xm notify test`.",
        exit: null,
        restarts,
        lines: [],
      },
    ],
  };
  const sent = await send(rule.target, message, { variables: spec.env });
  return { ...sent, label: `${name}: ${rule.target.kind} on ${rule.on.join(", ")}` };
}
