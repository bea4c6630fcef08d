import type { ProfileRequest } from "../../contract/api/schemas.ts";
import { pause } from "../../host/pause.ts";

/**
 * Profiles this process. The inspector is loaded now: a daemon that is never profiled does not pay for it.
 * @param signal ends the time early.
 */
export async function profileDaemon(
  { kind, durationMs }: ProfileRequest,
  signal: AbortSignal,
): Promise<object> {
  const { Session } = await import("node:inspector/promises");
  const session = new Session();
  session.connect();
  try {
    if (kind === "cpu") {
      await session.post("Profiler.enable");
      await session.post("Profiler.start");
      await pause(durationMs, signal);
      return (await session.post("Profiler.stop")).profile;
    }
    await session.post("HeapProfiler.enable");
    await session.post("HeapProfiler.startSampling");
    await pause(durationMs, signal);
    return (await session.post("HeapProfiler.stopSampling")).profile;
  } finally {
    session.disconnect();
  }
}
