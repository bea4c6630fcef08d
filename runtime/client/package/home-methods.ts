import { xmError } from "../../contract/errors.ts";
import { Connection } from "./connection.ts";
import { destroyHome } from "./destroy.ts";
import { method } from "./method.ts";
import { printTable, showLogs } from "./machine.ts";
import { procFrom } from "./outcomes.ts";
import { get, pairsIn, setAll, unset } from "./settings.ts";
import { RpcClient } from "./rpc.ts";
import { by } from "./start.ts";
import type { Done, Method, Proc, Target } from "./types.ts";

/** The methods for the home: its logs, the saved list, its settings, and the home itself. */
export class HomeMethods extends Connection {
  /** PM2's client of its daemon: `Client.executeRemote(method, parameters, callback)` and lists of processes. */
  readonly Client = new RpcClient(this.pm2_home, () => this.reach());

  /** Reopens the log files after another program has moved them. */
  readonly reloadLogs: Method<[], Done> = method(async () => {
    await (await this.reach()).reopenLogs();
    return { success: true };
  });

  /**
   * Saves the list for `resurrect`; an empty one only with `force`. The list survives the daemon's death even without it.
   * @throws `ERR_NO_PROCESSES` when there is nothing to save: the previously saved list stays.
   */
  readonly dump: Method<[], Done> & Method<[force: boolean], Done> = method(
    async (force?: boolean) => {
      const client = await this.reach();
      if (force !== true && (await client.list()).length === 0)
        throw xmError("ERR_NO_PROCESSES", undefined);
      await client.save();
      return { success: true };
    },
  );

  /** Saves an empty list; the previous one is kept as a backup. */
  readonly clearDump: Method<[], Done> = method(async () => {
    await (await this.reach()).save({ empty: true });
    return { success: true };
  });

  /** PM2's dump after each change: here the state is always saved, so this saves the list once. */
  readonly autodump: Method<[], Done> = this.dump;

  /** Starts saved apps that are not running, whether Ex Machina or PM2 saved the list. */
  readonly resurrect: Method<[], Proc[]> = method(async () => {
    const client = await this.reach();
    const { resurrect } = await import("../pm2/resurrect.ts");
    const { outcomes } = await resurrect(client, by("resurrect"));
    const ids = new Set(outcomes.map(({ id }) => id));
    return (await client.details()).filter(({ id }) => ids.has(id)).map(procFrom);
  });

  /** Stores a setting under a key such as `app:port`; settings below an app's name become its variables. */
  readonly set: Method<[key: string, value: string], Done> = method(
    async (key: string, value: string) => {
      setAll(this.pm2_home, [[key, value]]);
      return { success: true };
    },
  );

  /** Stores several: `"app:port 8000 app:host 127.0.0.1"`. */
  readonly multiset: Method<[keysAndValues: string], Done> = method(
    async (keysAndValues: string) => {
      setAll(this.pm2_home, pairsIn(keysAndValues));
      return { success: true };
    },
  );

  /** Returns a setting, the group below a key, or all settings. */
  readonly get: Method<[], unknown> & Method<[key: string], unknown> = method(
    async (key?: string): Promise<unknown> => get(this.pm2_home, key),
  );

  /** Deletes a setting and those below it; `all` deletes every setting. */
  readonly unset: Method<[key: string], Done> = method(async (key: string) => {
    unset(this.pm2_home, key);
    return { success: true };
  });

  /** Prints the table of processes, as `xm ls` does. */
  readonly speedList: Method<[], undefined> = method(async () => {
    await (await this.reach()).ping();
    await printTable(this.pm2_home);
    return undefined;
  });

  /**
   * Writes the latest lines of some processes' logs to this program's output, and then each new one, until `disconnect`.
   * @param lines how many earlier lines.
   * @param raw without the name as a prefix.
   * @param timestamp when each line was read, in dayjs's tokens; `true` for the default format.
   * @param exclusive only `out` or `err`.
   */
  readonly streamLogs = (
    target: Target = "all",
    lines = 0,
    raw = false,
    timestamp: string | boolean = false,
    exclusive: string | false = false,
  ): void => {
    const end = showLogs(this.pm2_home, { target, lines, raw, timestamp, exclusive });
    this.onDisconnect(end);
  };

  /** Ends the daemon and its apps, and removes the home with its contents, unless it is the default home. */
  readonly destroy: Method<[], Done> = method(async () => {
    await this.killDaemon();
    destroyHome(this.pm2_home);
    return { success: true };
  });
}
