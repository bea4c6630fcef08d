import type { HookName } from "../../machines/hooks.ts";
import type { ExportedApp, Tell } from "./contract.ts";
import { unitCommand } from "./systemd-words.ts";

const hookKeys = {
  pre_start: "ExecStartPre",
  post_start: "ExecStartPost",
  pre_stop: "ExecStop",
  post_stop: "ExecStopPost",
} as const satisfies Record<HookName, string>;

/** Its hooks: what comes before the program, and what comes after it. */
export function hookLines({ spec: { hooks = {} } }: ExportedApp, tell: Tell = () => {}) {
  const line = (name: HookName): string[] => {
    const hook = hooks[name];
    if (hook === undefined) return [];
    const { command, mayFail } = hook;
    const words = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
    return [`${hookKeys[name]}=${mayFail ? "-" : ""}${unitCommand(words)}`];
  };
  if (Object.values(hooks).some((hook) => hook !== undefined))
    tell(
      "hooks",
      "TimeoutStartSec= and TimeoutStopSec= limit them, and XM_* variables are not set (systemd has MAINPID, EXIT_CODE and EXIT_STATUS)",
    );
  return {
    start: [...line("pre_start"), ...line("post_start")],
    stop: [...line("pre_stop"), ...line("post_stop")],
  };
}
