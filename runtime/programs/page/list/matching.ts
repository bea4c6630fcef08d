import type { ProcessView } from "../../../contract/api/schemas.ts";
import { statusWord } from "../../../compat/status.ts";

/** The processes that a filter means: each of its words is in the name, or is the id, namespace or status. */
export function matching<T extends Pick<ProcessView, "id" | "name" | "namespace" | "status">>(
  all: readonly T[],
  filter: string,
): T[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(({ id, name, namespace, status }) =>
    words.every(
      (word) =>
        name.toLowerCase().includes(word) ||
        String(id) === word ||
        namespace.toLowerCase() === word ||
        statusWord(status).startsWith(word),
    ),
  );
}
