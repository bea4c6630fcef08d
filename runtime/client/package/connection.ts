import { logicalCwd } from "../../host/logical-cwd.ts";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connect as connectClient } from "../connection/client.ts";
import type { Client, ConnectOptions } from "../connection/types.ts";
import { isDaemonAbsent } from "../../contract/errors.ts";
import { homePaths, resolveHome } from "../../host/home/paths.ts";
import type { Place } from "./apps.ts";
import { Bus } from "./bus.ts";
import { method } from "./method.ts";
import { by } from "./start.ts";
import type { Connected, CustomOptions, Done, Method } from "./types.ts";

/** The daemon of one home, and the buses from it: what the API's other methods are called over. */
export class Connection {
  /** Where relative paths begin. */
  readonly cwd: string;
  /** Where the daemon lives. */
  readonly pm2_home: string;
  /** Whether a daemon that is started outlives this program. */
  daemon_mode: boolean;

  readonly #buses = new Set<Bus>();
  readonly #ends = new Set<() => void>();
  /** Keeps a program alive between `connect` and `disconnect`, as a connection does (PM2). */
  #hold: NodeJS.Timeout | undefined;
  #client: Client | undefined;

  constructor(options: CustomOptions = {}) {
    const { cwd, pm2_home: home, daemon_mode: mode, independent } = options;
    this.cwd = resolve(cwd ?? logicalCwd());
    this.pm2_home =
      independent === true
        ? mkdtempSync(join(tmpdir(), "xm-"))
        : home === undefined
          ? resolveHome(process.env)
          : resolve(home);
    this.daemon_mode = mode ?? true;
  }

  /**
   * Starts the daemon if needed, and keeps this program alive until `disconnect`. With `true`, a daemon that this call
   * starts ends, with its apps, when this program does; a daemon that already ran is left alone.
   */
  readonly connect: Method<[], Connected> & Method<[noDaemon: boolean], Connected> = method(
    async (noDaemon?: boolean) => {
      if (noDaemon !== undefined) this.daemon_mode = !noDaemon;
      this.#client = undefined;
      const { socket } = homePaths(this.pm2_home);
      const isThere = await this.#clientWith({ autostart: false })
        .ping()
        .then(() => true, isAbsence);
      if (!isThere) await (await this.reach()).ping();
      this.#hold ??= setInterval(() => {}, 2 ** 31 - 1);
      return {
        new_pm2_instance: !isThere,
        pm2_home: this.pm2_home,
        rpc_socket_file: socket,
        pub_socket_file: socket,
      };
    },
  );

  /** Closes the buses and log followers, so that this program can exit. The daemon and its apps keep running. */
  readonly disconnect: Method<[], undefined> = method(async () => {
    this.disconnectBus();
    clearInterval(this.#hold);
    this.#hold = undefined;
    for (const end of this.#ends) end();
    this.#ends.clear();
    return undefined;
  });

  /** PM2's other name for `disconnect`. */
  readonly close: Method<[], undefined> = this.disconnect;

  /** Returns the version of the daemon. */
  readonly getVersion: Method<[], string> = method(
    async () => (await (await this.reach()).ping()).version,
  );

  /** Checks that the daemon answers; starts it if needed. */
  readonly ping: Method<[], { msg: "pong"; pid: number }> = method(async () => {
    const { pid } = await (await this.reach()).ping();
    return { msg: "pong", pid };
  });

  /** Stops and removes every process and ends the daemon; does nothing if no daemon runs. */
  readonly killDaemon: Method<[], Done> = method(async () => {
    const client = this.#clientWith({ autostart: false });
    await client.shutDown(by("killDaemon")).catch(isAbsence);
    return { success: true };
  });

  /** PM2's other name for `killDaemon`. */
  readonly kill: Method<[], Done> = this.killDaemon;

  /** Replaces the daemon, for example by a newer version; no pid of an app changes. */
  readonly update: Method<[], Done> = method(async () => {
    const client = await this.reach();
    await client.handOver(by("update"));
    await client.ping();
    return { success: true };
  });

  /** Returns a bus of events: `bus.on("process:event", …)`, `log:out`, `process:msg`, `*` and so on. */
  readonly launchBus: Method<[], Bus> = method(async () => {
    const client = await this.reach();
    await client.ping();
    const bus = new Bus(this.#clientWith({ autostart: false }));
    this.#buses.add(bus);
    return bus;
  });

  /** Closes the buses. */
  readonly disconnectBus = (): void => {
    for (const bus of this.#buses) bus.close();
    this.#buses.clear();
  };

  protected onDisconnect(end: () => void): void {
    this.#ends.add(end);
  }

  protected get place(): Place {
    return { cwd: this.cwd, home: this.pm2_home };
  }

  /** A program's answers are checked: it may live for months, and meet daemons of other versions. */
  #clientWith(options: Omit<ConnectOptions, "home" | "checksAnswers">): Client {
    return connectClient({ home: this.pm2_home, checksAnswers: true, ...options });
  }

  /** The client; what the buses have been asked to hear is heard from then on. */
  protected async reach(): Promise<Client> {
    this.#client ??= this.#clientWith({ lifeline: !this.daemon_mode });
    await Promise.all([...this.#buses].map((bus) => bus.settled()));
    return this.#client;
  }
}

/** That no daemon runs is an answer; anything else is not. */
function isAbsence(error: unknown): false {
  if (isDaemonAbsent(error)) return false;
  throw error;
}
