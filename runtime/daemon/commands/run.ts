import { unmetText } from "../../../machines/dependency-decisions.ts";
import { isAtRest, type ProcessFacts } from "../../../machines/facts.ts";
import { factsOf } from "../../../machines/process-view.ts";
import type { AnswerOf, BodyOf } from "../../contract/api/calls.ts";
import { xmError } from "../../contract/errors.ts";
import { instanceLogPaths } from "../../host/log-files/paths.ts";
import { endOf } from "../../host/log-files/tail.ts";
import { shownExit, shownFailure } from "../../host/shown-facts.ts";
import type { CommandDependencies } from "../daemon.ts";
import type { Managed } from "../registry/registry.ts";
import { act } from "./commands.ts";

type RunLine = AnswerOf<"run">;

/**
 * Runs a job and tells when it has begun and how it has ended. A run is over when its restart policy runs it no more. The
 * run continues when its client has gone.
 * @throws `ERR_PROCESS_NOT_FOUND`, `ERR_NOT_A_JOB`, `ERR_JOB_RUNNING`, `ERR_STATE_NOT_WRITABLE`; nothing was started then.
 */
export async function run(
  dependencies: CommandDependencies,
  { id, by, args, settings, isBegun }: BodyOf<"run">,
  { tell, signal }: { readonly tell: (line: RunLine) => void; readonly signal: AbortSignal },
): Promise<void> {
  const [managed] = dependencies.registry.processesWith([id]);
  if (managed === undefined) throw xmError("ERR_PROCESS_NOT_FOUND", { target: String(id) });
  const { name } = managed.spec;
  const { status, child } = managed.facts;
  const wanted = settings?.find(({ key }) => key === managed.facts.app)?.spec ?? managed.spec;
  if (wanted.policy.restart.job === undefined) throw xmError("ERR_NOT_A_JOB", { name });
  if (!isBegun && !isAtRest(status))
    throw xmError("ERR_JOB_RUNNING", { name, status, pid: child?.pid ?? null });
  const logs = positionsOf(managed);
  const ended = endOfRun(managed, { isBegun, logs, tell, signal });
  if (!isBegun) {
    // The run itself reports its outcome.
    await act(
      dependencies,
      { action: "restart", ids: [id], by, settings, ...(args === undefined ? {} : { args }) },
      () => {},
    );
  }
  await ended;
}

/** Reports the progress of a run until it is over or its client has gone. */
function endOfRun(
  managed: Managed,
  {
    isBegun,
    logs,
    tell,
    signal,
  }: {
    readonly isBegun: boolean;
    readonly logs: RunLine["logs"];
    readonly tell: (line: RunLine) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { actor } = managed;
  const known = managed.facts.decisions.at(-1);
  let told: RunLine["step"] | undefined = isBegun ? "begun" : undefined;
  return new Promise((resolve) => {
    let subscription: { unsubscribe(): void } | undefined;
    const finish = (): void => {
      subscription?.unsubscribe();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const look = (): boolean => {
      const snapshot = actor.getSnapshot();
      const facts = factsOf(snapshot);
      const { status, decisions } = facts;
      if (isAtRest(status) || status === "removed") {
        // Before it has begun it is at rest too; what is given up at once was never anything else.
        if (told === undefined && decisions.at(-1) === known && status !== "removed") return false;
        tell(lineOf(facts, { step: "ended", logs: positionsOf(managed) }));
        finish();
        return true;
      }
      const step = status === "pending" ? "pending" : "begun";
      if (told !== step && told !== "begun") {
        const { unmet } = snapshot.context;
        // What it waits for is found in the moment after it begins to wait.
        if (step === "pending" && unmet.length === 0 && facts.held !== true) return false;
        const waits = unmet.length === 0 ? "its turn in its group" : unmetText(unmet);
        tell(lineOf(facts, { step, logs, ...(step === "pending" ? { sentence: waits } : {}) }));
        told = step;
      }
      return false;
    };
    if (signal.aborted || look()) return resolve();
    signal.addEventListener("abort", finish);
    const next = (): void => void look();
    subscription = actor.subscribe({ next, error: finish, complete: next });
  });
}

function lineOf(
  { status, lastExit, failure, decisions }: ProcessFacts,
  {
    step,
    logs,
    sentence = decisions.at(-1)?.sentence ?? "",
  }: { step: RunLine["step"]; logs: RunLine["logs"]; sentence?: string },
): RunLine {
  return {
    step,
    status,
    logs,
    exit: step === "ended" ? (shownExit(lastExit) as RunLine["exit"]) : null,
    failure: step === "ended" ? shownFailure(failure) : null,
    sentence,
  };
}

/** Where its log files end now. */
function positionsOf({ spec, facts: { id } }: Managed): RunLine["logs"] {
  const { out, error } = instanceLogPaths(spec, id);
  const paths = [out, error].filter((path) => path !== null);
  return Object.fromEntries(paths.map((path) => [path, endOf(path)]));
}
