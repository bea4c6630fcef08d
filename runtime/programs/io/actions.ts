type Reply = (answer: unknown) => void;

/** With one argument it gets the reply function, with two the parameters before it. */
export type Action = ((reply: Reply) => void) | ((params: unknown, reply: Reply) => void);

const actions = new Map<string, Action>();

/** Offers an action in PM2's `axm:action` message and answers with `axm:reply`. */
export function onAction(name: string, options: object | null, handler: Action): void {
  if (actions.size === 0) process.on("message", obey);
  actions.set(name, handler);
  const data = {
    action_name: name,
    action_type: "custom",
    opts: options,
    arity: handler.length,
  };
  process.send?.({ type: "axm:action", data });
}

/** PM2 sends the action's name, or `{ msg, opts }`. */
function obey(message: unknown): void {
  const packet = (typeof message === "string" ? { msg: message } : message) as {
    msg?: unknown;
    opts?: unknown;
  } | null;
  const name = packet?.msg;
  if (typeof name !== "string") return;
  const handler = actions.get(name);
  if (handler === undefined) return;
  const reply: Reply = (answer) => {
    process.send?.({ type: "axm:reply", data: { return: answer, action_name: name } });
  };
  if (handler.length < 2) (handler as (reply: Reply) => void)(reply);
  else handler(packet?.opts as never, reply);
}
