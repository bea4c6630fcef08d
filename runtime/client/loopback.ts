/** Whether an address to listen on is this machine's alone. */
export function isLoopback(host: string): boolean {
  return /^(127\.|::1$|localhost$)/.test(host);
}

/** Whether a request's `Host` names this machine: another name may have been changed to mean it. */
export function isThisMachine(host: string | undefined): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host ?? "");
}
