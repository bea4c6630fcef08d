import type { XmError } from "../../contract/errors.ts";

/**
 * The commands that are being carried out for a waiting client. A daemon that exits tells each of them at once: what
 * they wait for does not come any more under this daemon.
 */
export interface Calls {
  /**
   * A command begins.
   * @param refuse ends its answer with an error.
   * @returns what ends it.
   * @throws what `end` was given: nothing is begun any more.
   */
  begin(refuse: (error: XmError) => void): () => void;
  /** Ends the waiting of every command, and lets none begin. */
  end(error: XmError): void;
}

export function createCalls(): Calls {
  const waiting = new Set<(error: XmError) => void>();
  let refusal: XmError | undefined;
  return {
    begin: (refuse) => {
      if (refusal !== undefined) throw refusal;
      waiting.add(refuse);
      return () => waiting.delete(refuse);
    },
    end: (error) => {
      refusal ??= error;
      const all = [...waiting];
      waiting.clear();
      for (const refuse of all) refuse(error);
    },
  };
}
