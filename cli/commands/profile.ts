import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { connect } from "../../runtime/client/connection/client.ts";
import type { Client, ProfileRequest } from "../../runtime/client/connection/types.ts";
import { parseDuration } from "../../runtime/contract/fields/units.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { plain } from "../../runtime/contract/plain.ts";
import { xmCommand } from "../call/command.ts";
import { globals } from "../call/globals.ts";
import { resolveTargets } from "../apps/targets.ts";

/** PM2's default. */
const defaultMs = 10_000;
const longestMs = 600_000;

const args = {
  target: {
    type: "positional",
    description: "id or name of a Node app; default: the daemon",
    required: false,
  },
  time: {
    type: "positional",
    description: 'for how long: ms or "10s"; default: 10 seconds',
    required: false,
  },
} as const;

export const cpu = xmCommand({
  name: "profile:cpu",
  description: "Writes a CPU profile of the daemon, or of a running Node app, into this folder",
  args,
  run: ({ args: given }) => profile("cpu", given._),
});

export const memory = xmCommand({
  name: "profile:mem",
  description: "Writes a heap profile of the daemon, or of a running Node app, into this folder",
  args,
  run: ({ args: given }) => profile("memory", given._),
});

async function profile(kind: ProfileRequest["kind"], words: readonly string[]): Promise<void> {
  const client = connect();
  const { target, durationMs } = await callOf(client, words);
  const request = { kind, durationMs };
  if (target === undefined) {
    tell(`profiling the daemon for ${durationMs} ms …\n`);
    write("god", kind, JSON.stringify(await client.profile(request)));
    return;
  }
  for (const { id, name } of await resolveTargets(client, [target])) {
    tell(`profiling ${plain(name)} (${id}) for ${durationMs} ms …\n`);
    const text = await client.profileApp({ ...request, id });
    write(`${name}-${id}`, kind, text ?? (await profileOverPort(client, id, request)));
  }
}

/** An app without a line to the daemon is profiled over its debugger's port, which is open for that time. */
async function profileOverPort(
  client: Client,
  id: number,
  request: ProfileRequest,
): Promise<string> {
  const { profileApp } = await import("../inspect/node-inspector.ts");
  const { hold } = await import("../inspect/inspect-apps.ts");
  const abort = new AbortController();
  const { inspection, end } = await hold(client, id, abort.signal);
  end.catch(() => undefined);
  const port = new URL(inspection.url).port;
  tell(
    `  through its debugger, which every user of this machine can reach during that time (port ${port})\n`,
  );
  try {
    return JSON.stringify(await profileApp(inspection, request));
  } finally {
    abort.abort();
  }
}

/** A single word is a time, as for PM2, unless a process is called so. */
async function callOf(
  client: Client,
  words: readonly string[],
): Promise<{ target: string | undefined; durationMs: number }> {
  const [first, second] = words;
  if (first === undefined) return { target: undefined, durationMs: defaultMs };
  const isName = (await client.list()).some(({ name }) => name === first);
  const alone = isName ? undefined : parseDuration(first);
  if (second === undefined && alone !== undefined)
    return { target: undefined, durationMs: check(alone) };
  const time = second === undefined ? defaultMs : parseDuration(second);
  if (time === undefined) throw wrongTime(second ?? "");
  return { target: first, durationMs: check(time) };
}

function check(ms: number): number {
  if (ms < 1 || ms > longestMs) throw wrongTime(String(ms));
  return Math.round(ms);
}

function wrongTime(text: string): Error {
  return xmError("ERR_USAGE", {
    what: `expected a time from 1 ms to ${longestMs / 60_000} minutes, got "${text}"`,
    fix: 'a number of ms, or "10s"',
  });
}

function write(of: string, kind: ProfileRequest["kind"], content: string): void {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const extension = kind === "cpu" ? "cpuprofile" : "heapprofile";
  const file = resolve(`${of.replaceAll(/[^\w.-]/g, "_")}-${time}.${extension}`);
  writeFileSync(file, content);
  process.stdout.write(`${file}\n`);
}

function tell(text: string): void {
  if (!globals.isSilent) process.stderr.write(text);
}
