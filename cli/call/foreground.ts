import { connect } from "../../runtime/client/connection/client.ts";
import { launchInForeground } from "../../runtime/client/connection/launch.ts";
import { messageOf, xmError } from "../../runtime/contract/errors.ts";
import { reportError } from "./report-error.ts";

/**
 * `--no-daemon`: the daemon is a child of this call. It does what is asked and then shows every log until Ctrl-C,
 * which stops the apps and the daemon, as does a command that fails. The exit code is the command's.
 * @throws `ERR_USAGE` when a daemon runs already: its life is not this call's to end.
 */
export async function inForeground(run: () => Promise<void>): Promise<void> {
  const client = connect({ autostart: false });
  const runs = await client.ping().then(
    ({ pid }) => pid,
    () => undefined,
  );
  if (runs !== undefined) {
    throw xmError("ERR_USAGE", {
      what: `a daemon is already running (pid ${runs})`,
      fix: "omit --no-daemon, stop it with `xm kill`, or choose another home with --hp",
    });
  }
  const isUp = (): Promise<boolean> =>
    client.ping().then(
      () => true,
      () => false,
    );
  const daemon = await launchInForeground(client.home, isUp);
  let isLeaving = false;
  const leave = async (why: string): Promise<void> => {
    if (isLeaving) return;
    isLeaving = true;
    await client.shutDown(why).catch((error: unknown) => {
      if (daemon.isAlive()) process.stderr.write(`xm: ${messageOf(error)}\n`);
    });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => void leave(signal));
  }
  try {
    await run();
  } catch (error) {
    reportError(error);
  }
  if (process.exitCode !== undefined && process.exitCode !== 0) await leave("the command failed");
  else void showLogs();
  const end = await daemon.ended;
  if (!isLeaving && end !== 0) process.exitCode = 1;
  process.exit();
}

/** They end with the daemon. */
async function showLogs(): Promise<void> {
  const { followLogs } = await import("../logs/follow-logs.ts");
  await followLogs("all").catch(() => {});
}
