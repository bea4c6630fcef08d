import { accessSync, constants, statSync } from "node:fs";
import type { Failure } from "../../../machines/facts.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { errnoOf, messageOf, XmError } from "../../contract/errors.ts";
import { findInPath } from "../../host/node.ts";
import { steadyNow } from "../../host/clock.ts";

export type SpawnFailure = Failure & { readonly transient: boolean };

/** What the kernel may have more of in a moment. */
const transientCodes: readonly string[] = ["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"];

/** Why a spawn failed, in words that name the file. */
export function failureFrom(error: unknown, spec: AppSpec): SpawnFailure {
  const code = error instanceof XmError ? error.code : (errnoOf(error) ?? "ERR_INTERNAL");
  const command = spec.interpreter ?? spec.script;
  // A worker goes to its folder as its user, other programs before they become that user.
  const mayNotEnter =
    spec.mode === "cluster" && spec.uid !== null ? `, or may not enter ${spec.cwd}` : "";
  const words: Readonly<Record<string, string>> = {
    ENOENT: `${command} does not exist, or the interpreter its first line names does not`,
    EACCES: `${command} is not executable by this user${mayNotEnter}`,
    EPERM: `not permitted to run ${command} as user ${spec.uid ?? "self"}, group ${spec.gid ?? "self"}`,
    ENOEXEC: `${command} is not a program this machine can run (a script needs #! or an interpreter)`,
    E2BIG: "arguments and environment together are too large for the kernel",
  };
  return {
    at: steadyNow(),
    code,
    message: words[code] ?? messageOf(error),
    transient: transientCodes.includes(code),
  };
}

/** Looks before the spawn at what the kernel's answer would not tell apart. */
export function preflight(
  spec: AppSpec,
  env: Readonly<Record<string, string>>,
): SpawnFailure | undefined {
  const fault = (code: string, message: string): SpawnFailure => ({
    at: steadyNow(),
    code,
    message,
    transient: false,
  });
  if (!isDirectory(spec.cwd))
    return fault("ENOENT", `its working directory ${spec.cwd} does not exist`);
  const scriptFault = spec.interpreter === null ? undefined : readFault(spec);
  if (scriptFault !== undefined)
    return fault(
      scriptFault,
      `its script ${spec.script} ${scriptFault === "ENOENT" ? "does not exist" : "cannot be read"}`,
    );
  // The tools in front of a program under limits exist; an error of the kernel would be the program's.
  if (
    spec.interpreter === null &&
    spec.confinement !== undefined &&
    findInPath(spec.script, env["PATH"] ?? process.env["PATH"]) === undefined
  ) {
    return fault("ENOENT", `${spec.script} does not exist or is not executable`);
  }
  if (
    spec.interpreter !== null &&
    findInPath(spec.interpreter, env["PATH"] ?? process.env["PATH"]) === undefined
  ) {
    return fault(
      "ENOENT",
      `its interpreter ${spec.interpreter} does not exist or is not executable`,
    );
  }
  return undefined;
}

function readFault(spec: AppSpec): string | undefined {
  try {
    accessSync(spec.script, constants.R_OK);
    return undefined;
  } catch (error) {
    return errnoOf(error) ?? "EACCES";
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
