import { xmError } from "../../runtime/contract/errors.ts";
import type { HostTask } from "./remote-script.ts";
import { isWord, type DeployTarget } from "./target.ts";

/**
 * What the words after the environment ask for; a word that is not a command is a branch, tag or commit.
 * @throws `ERR_USAGE`
 */
export function taskOf(
  words: readonly string[],
  { ref }: DeployTarget,
  reverts: boolean,
): HostTask {
  const [word = "update", ...rest] = words;
  const more = rest.join(" ");
  switch (word) {
    case "setup":
      return { kind: "setup" };
    case "update":
      return { kind: "update", ref, reverts };
    case "revert": {
      const steps = more === "" ? 1 : Number(more);
      if (Number.isInteger(steps) && steps >= 1) return { kind: "revert", steps, reverts };
      throw usage(`revert: expected a number of 1 or more, got "${more}"`, "production revert 1");
    }
    case "curr":
    case "current":
      return { kind: "current" };
    case "prev":
    case "previous":
      return { kind: "previous" };
    case "list":
      return { kind: "list" };
    case "exec":
    case "run":
      if (more !== "") return { kind: "exec", command: more };
      throw usage(`${word}: no command named`, "production exec 'xm ls'");
    default: {
      const wanted = word === "ref" ? more : words.join(" ");
      if (isWord(wanted) && !/\s/.test(wanted)) return { kind: "update", ref: wanted, reverts };
      throw usage(`"${wanted}" is not a branch, tag or commit`, "production v1.2.0");
    }
  }
}

function usage(what: string, example: string): Error {
  return xmError("ERR_USAGE", { what, fix: `for example \`xm deploy ${example}\`` });
}

/** How many hosts go ahead. */
export function canaries(given: string | undefined): number {
  if (given === undefined || given === "true") return given === undefined ? 0 : 1;
  if (/^[1-9]\d*$/.test(given)) return Number(given);
  throw usage(`--canary: expected a number of 1 or more, got "${given}"`, "production --canary 1");
}
