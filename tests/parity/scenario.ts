import type { Stage } from "./stage.ts";

/** What is done under both managers, and what is checked meanwhile (`stage.see`). */
export interface Scenario {
  /** The rule, as a sentence. */
  readonly name: string;
  readonly run: (stage: Stage) => Promise<void>;
  /**
   * Where Ex Machina differs on purpose: the path of a fact (`fields.exit_code`), and the subject of the row
   * of docs/reference/differences.md that gives the reason. One that no longer differs fails.
   */
  readonly differs: Readonly<Record<string, string>>;
  /** Runs against the real PM2 in `npm test` too. */
  readonly isSample: boolean;
}

interface Options {
  readonly differs?: Readonly<Record<string, string>>;
  readonly sample?: true;
}

export function scenario(name: string, run: Scenario["run"], options: Options = {}): Scenario {
  return { name, run, differs: options.differs ?? {}, isSample: options.sample ?? false };
}
