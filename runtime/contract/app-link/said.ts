/**
 * What of an app's messages a God that comes later has to be told again: the latest metrics, and each action that is
 * offered (PM2's `axm:monitor` and `axm:action`).
 * @returns under what name to keep it; `undefined` for any other message.
 */
export function nameOfSaid(message: unknown): string | undefined {
  const { type, data } = (message ?? {}) as { type?: unknown; data?: { action_name?: unknown } };
  if (type === "axm:monitor" || type === "axm:option:configuration") return type;
  return type === "axm:action" ? `action ${String(data?.action_name)}` : undefined;
}
