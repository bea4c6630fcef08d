import { processKey } from "../../../machines/lib/process-key.ts";
import type { ProfileLine, ProfileRequest } from "../../contract/api/schemas.ts";
import { longestProfile } from "../../contract/app-link/protocol.ts";
import { xmError } from "../../contract/errors.ts";
import type { Daemon } from "../daemon.ts";

/** An app whose event loop turns answers within this; ms. */
const beginsWithinMs = 2_000;

/** What it has for the profile itself after its time, on a loaded machine; ms. */
const endsWithinMs = 60_000;

/**
 * Has an app profile itself: no port is opened. What it says is passed on in parts and not looked into.
 * @param write gets the parts; `{ hasLine: false }` alone when the app cannot be asked this way.
 * @throws `ERR_PROCESS_NOT_FOUND`, `ERR_CANNOT_INSPECT`.
 */
export async function profileApp(
  { registry, children, profiles }: Pick<Daemon, "registry" | "children" | "profiles">,
  { id, kind, durationMs }: ProfileRequest & { id: number },
  stream: { readonly signal: AbortSignal; write(line: ProfileLine): unknown },
): Promise<void> {
  const managed = registry.process(id);
  const { name } = managed.spec;
  const fail = (why: string, fix: string): Error =>
    xmError("ERR_CANNOT_INSPECT", { name, why, fix });
  const child = children.get(processKey(managed.facts));
  const lifeId = managed.facts.child?.lifeId;
  if (child === undefined || lifeId === undefined) {
    throw fail("it is not running", `\`xm start ${name}\` starts it`);
  }
  await new Promise<void>((resolve, reject) => {
    let pid: number | undefined;
    let length = 0;
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      expected.end();
      if (error === undefined) resolve();
      else reject(error);
    };
    const expected = profiles.expect(lifeId, (part) => {
      if (part === undefined) return finish(fail("it has ended", "see its error log"));
      // Of several apps behind a command, the first that answers.
      pid ??= part.pid;
      if (pid !== part.pid) return;
      clearTimeout(timer);
      timer = setTimeout(tooLate, durationMs + endsWithinMs);
      length += part.text.length;
      if (part.fault !== undefined) return finish(fail(part.fault, "try again later"));
      if (length > longestProfile)
        return finish(fail("it sent more than a profile", "see its code"));
      if (part.text !== "") stream.write({ part: part.text });
      if (part.isLast) finish();
    });
    const { ticket } = expected;
    const tooLate = (): void =>
      finish(fail("it no longer answers", "see its error log, and try again"));
    const isUnheard = (): void => {
      stream.write({ hasLine: false });
      child.tell({ type: "profile.end", ticket });
      finish();
    };
    let timer = setTimeout(isUnheard, beginsWithinMs);
    stream.signal.addEventListener("abort", () => {
      child.tell({ type: "profile.end", ticket });
      finish();
    });
    if (!child.tell({ type: "profile", ticket, kind, durationMs })) isUnheard();
  });
}
