import { constants } from "node:os";
import { processKey } from "../../../machines/lib/process-key.ts";
import type { Outcome } from "../../contract/api/schemas.ts";
import { errnoOf, xmError } from "../../contract/errors.ts";
import type { Delivery } from "../app-links/lives.ts";
import { writeStdin } from "../children/stdin.ts";
import { done, failed, outcomeOf } from "./outcomes.ts";
import type { Managed } from "../registry/registry.ts";
import type { Daemon } from "../daemon.ts";

type Dependencies = Pick<Daemon, "registry" | "children" | "paths">;

/**
 * Sends a signal to the main process of each target.
 * @throws `ERR_PROCESS_NOT_FOUND`, `ERR_SIGNAL_UNKNOWN`; nothing was sent then.
 */
export function sendSignal(
  { registry, children }: Dependencies,
  { ids, signal }: { ids: readonly number[]; signal: string },
): Outcome[] {
  if (!(signal in constants.signals)) throw xmError("ERR_SIGNAL_UNKNOWN", { signal });
  return chosen(registry, ids).map((managed) => {
    const child = children.get(processKey(managed.facts));
    if (child === undefined) return say(managed, false, "it is not running");
    try {
      child.signal(signal);
    } catch (error) {
      if (errnoOf(error) !== "ESRCH") throw error;
    }
    return say(managed, true, `${signal} sent`);
  });
}

/**
 * Sends a message to processes (`process.on("message")`), in fork mode as in a cluster. One that does not listen
 * yet gets it when it does.
 * @throws `ERR_PROCESS_NOT_FOUND`; nothing was sent then.
 */
export function sendMessage(
  { registry, children }: Dependencies,
  { ids, message }: { ids: readonly number[]; message: unknown },
): Outcome[] {
  return chosen(registry, ids).map((managed) => {
    const child = children.get(processKey(managed.facts));
    if (child === undefined) return say(managed, false, "it is not running");
    const delivery = child.post(message);
    return say(managed, delivery === "sent", deliveryWords[delivery]);
  });
}

const deliveryWords: Readonly<Record<Delivery, string>> = {
  sent: "sent",
  full: "its message queue is full",
  unreachable:
    "its message channel closed when the daemon that started it died; its next start opens a new one",
};

/**
 * Writes text to the standard input of processes, as it is.
 * @throws `ERR_PROCESS_NOT_FOUND`; nothing was written then.
 */
export function sendInput(
  { registry, children, paths }: Dependencies,
  { ids, text }: { ids: readonly number[]; text: string },
): Promise<Outcome[]> {
  return Promise.all(
    chosen(registry, ids).map(async (managed) => {
      const { mode } = managed.spec;
      if (mode === "cluster") return say(managed, false, "a cluster's processes have no input");
      const { child } = managed.facts;
      if (child === null || !children.has(processKey(managed.facts))) {
        return say(managed, false, "it is not running");
      }
      const fault = await writeStdin(
        paths.stdin,
        { id: managed.facts.id, lifeId: child.lifeId },
        text,
      );
      return say(managed, fault === undefined, fault ?? "written");
    }),
  );
}

function chosen(registry: Dependencies["registry"], ids: readonly number[]): Managed[] {
  return registry.processesWith(ids);
}

function say(managed: Managed, ok: boolean, message: string): Outcome {
  return outcomeOf(managed, managed.facts, ok ? done("sent", message) : failed(message));
}
