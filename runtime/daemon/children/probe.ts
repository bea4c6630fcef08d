import { connect } from "node:net";
import type { AppSpec } from "../../../machines/spec.ts";
import { messageOf } from "../../contract/errors.ts";
import { askCommand } from "../probes/ask-command.ts";

/** Between two questions; ms. */
const askEveryMs = 100;

/** An answer that takes longer is none; ms. */
const answersWithinMs = 2_000;

/**
 * Asks whether a process can serve until it says yes: an HTTP status below 400, a TCP connection, or a command that
 * ends with 0 (run by `sh -c` in the app's folder, with its variables and as its user).
 * @param onFault it cannot be asked at all, such as at a port that does not exist.
 * @returns stops asking.
 */
export function startProbe(
  spec: AppSpec,
  onReady: () => void,
  onFault: (why: string) => void,
): () => void {
  const abort = new AbortController();
  const run = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      const isReady = await ask(spec, abort.signal);
      if (abort.signal.aborted) return;
      if (isReady) return onReady();
      await new Promise((resolve) => {
        setTimeout(resolve, askEveryMs).unref();
      });
    }
  };
  run().catch((error: unknown) => onFault(messageOf(error)));
  return () => abort.abort();
}

async function ask(spec: AppSpec, signal: AbortSignal): Promise<boolean> {
  const { probe } = spec.policy;
  switch (probe?.kind) {
    case "http":
      return askHttp(probe.url, signal);
    case "tcp":
      return askTcp(probe.host, probe.port);
    case "command":
      return (await askCommand(probe.command, spec, answersWithinMs, signal)).isGood;
    case undefined:
      return true;
  }
}

async function askHttp(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(answersWithinMs)]);
    const response = await fetch(url, { signal: within, redirect: "manual" });
    await response.body?.cancel();
    return response.status < 400;
  } catch {
    // Nobody listens yet, or it does not answer: that is the answer.
    return false;
  }
}

function askTcp(host: string, port: number): Promise<boolean> {
  // What `connect` refuses at once rejects.
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: answersWithinMs });
    const end = (isReady: boolean) => (): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.on("connect", end(true));
    socket.on("error", end(false));
    socket.on("timeout", end(false));
  });
}
