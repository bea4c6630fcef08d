import type { AppSpec } from "../../machines/spec.ts";
import type { Client, ProcessView } from "../../runtime/client/connection/types.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { pause } from "../../runtime/host/pause.ts";
import { plain, plainLines } from "../../runtime/contract/plain.ts";
import { say } from "../render/say.ts";

/** How often a new module is checked while it has to prove itself; ms. */
const everyMs = 50;

/** Starts a module, or restarts it with what it is now. @returns why it does not run; `undefined` when it does. */
export async function runModule(
  client: Client,
  spec: AppSpec,
  { by, forMs }: { readonly by: string; readonly forMs: number },
): Promise<string | undefined> {
  for await (const { ok, message, note } of client.declare({
    apps: [spec],
    known: "restart",
    by,
  })) {
    if (!ok) return plainLines(message);
    if (note !== null) say(`${plain(spec.name)}: ${plainLines(note)}\n`);
  }
  return forMs > 0 ? staysUp(client, spec.name, forMs) : undefined;
}

/** A life that lasts. */
async function staysUp(client: Client, name: string, forMs: number): Promise<string | undefined> {
  const never = new AbortController().signal;
  const first = await moduleNamed(client, name);
  const deadline = Date.now() + forMs;
  let now = first;
  for (;;) {
    const isSame = now?.pid === first?.pid && now?.restarts === first?.restarts;
    if (now === undefined || !isSame || (now.status !== "online" && now.status !== "starting"))
      return now?.failure?.message ?? now?.decision ?? `it is ${now?.status ?? "gone"}`;
    if (Date.now() > deadline) return undefined;
    await pause(everyMs, never);
    now = await moduleNamed(client, name);
  }
}

export async function moduleNamed(client: Client, name: string): Promise<ProcessView | undefined> {
  return (await client.list()).find((each) => each.name === name && each.isModule === true);
}

/** @throws `ERR_USAGE` for a name that an app of the user's has. */
export async function checkName(client: Client, name: string): Promise<void> {
  const other = (await client.list()).find((each) => each.name === name && each.isModule !== true);
  if (other === undefined) return;
  throw xmError("ERR_USAGE", {
    what: `an app is called ${plain(name)} (${other.id}), and so is the module`,
    fix: `\`xm delete ${other.id}\` first, or start it under another name`,
  });
}

/** Stops a module's process and forgets it. */
export async function endModule(client: Client, name: string, by: string): Promise<void> {
  const found = await moduleNamed(client, name);
  if (found === undefined) return;
  for await (const { ok, message } of client.act({ action: "delete", ids: [found.id], by })) {
    if (!ok) throw xmError("ERR_COMMAND_FAILED", { command: by, failures: [plainLines(message)] });
  }
}
