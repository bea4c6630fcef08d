import type { Link } from "./link.ts";

/**
 * Closes the debugger's port that God has opened when God cannot do it any more. A command that outlives God does so as well;
 * when both have been killed nobody else would, and every user of the machine could reach it.
 */
export function closeLeftDebugger(link: Link): void {
  let isHeld = false;
  link.onDown((message) => {
    if (message.type === "debugger") isHeld = message.isHeld;
  });
  link.onEnd(() => {
    if (!isHeld) return;
    isHeld = false;
    (require("node:inspector") as typeof import("node:inspector")).close();
  });
}
