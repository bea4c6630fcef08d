import { processKey } from "../../../machines/lib/process-key.ts";
import type { TriggerRequest, TriggerResult } from "../../contract/api/schemas.ts";
import { xmError } from "../../contract/errors.ts";
import type { CustomMetrics } from "../metrics/custom.ts";
import type { Children } from "../children/sources.ts";
import type { Registry } from "../registry/registry.ts";

/** How long an app has for its answer; ms. */
const answersWithinMs = 10_000;

/**
 * Asks apps to do an action that they have offered (PM2's message: the action's name, or `{ msg, opts }` with the `id`
 * or the `name` that was asked for).
 * @throws `ERR_PROCESS_NOT_FOUND`, `ERR_ACTION_UNKNOWN` when none of them offers it.
 */
export async function triggerAction(
  { registry, children, custom }: { registry: Registry; children: Children; custom: CustomMetrics },
  { ids, action, params, target }: TriggerRequest,
): Promise<TriggerResult[]> {
  const chosen = registry.processesWith(ids);
  const actionsOf = (lifeId: string | undefined): string[] =>
    custom.actions(lifeId).map(({ action_name: name }) => name);
  const offers = chosen.map(({ facts }) => actionsOf(facts.child?.lifeId));
  if (!offers.some((names) => names.includes(action))) {
    const name = chosen[0]?.spec.name ?? "";
    throw xmError("ERR_ACTION_UNKNOWN", { name, action, actions: [...new Set(offers.flat())] });
  }
  return Promise.all(
    chosen.map(async ({ facts, spec }): Promise<TriggerResult> => {
      const base = { id: facts.id, name: spec.name, return: null };
      const lifeId = facts.child?.lifeId;
      if (lifeId === undefined || !actionsOf(lifeId).includes(action)) {
        return { ...base, ok: false, message: `it has no action "${action}"` };
      }
      const reply = custom.reply(lifeId, action, answersWithinMs);
      const asked = target ?? facts.id;
      const isId = Number(asked) === facts.id && asked !== spec.name;
      const who = isId ? { id: asked } : { name: asked };
      const data = params === undefined ? action : { msg: action, opts: params, ...who };
      const isTold = children.get(processKey(facts))?.tell({ type: "message", data }) === true;
      if (!isTold) return { ...base, ok: false, message: "the app is not connected" };
      const answer = await reply;
      return answer === undefined
        ? { ...base, ok: false, message: `it did not answer within ${answersWithinMs} ms` }
        : { ...base, ok: true, message: "done", return: answer.return };
    }),
  );
}
