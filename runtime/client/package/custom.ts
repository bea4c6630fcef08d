import type { Inspection } from "../connection/types.ts";
import { boot, modules, monitoring } from "../pm2/absent.ts";
import type { RawApp } from "../config/index.ts";
import { HomeMethods } from "./home-methods.ts";
import { attach, sendAction, sendData, sendLine, sendSignal, trigger } from "./messages.ts";
import { method } from "./method.ts";
import { profile, refuse, serve } from "./machine.ts";
import { allOf, descriptionFrom, procFrom, procsOf } from "./outcomes.ts";
import { by, renew, start } from "./start.ts";
import { matching, targetsOf } from "./targets.ts";
import type {
  Done,
  Method,
  Proc,
  ProcessDescription,
  ProcessMessage,
  Profiled,
  ProfileType,
  ServeOptions,
  Startable,
  StartOptions,
  Target,
  TriggerAnswer,
  UpdateOptions,
} from "./types.ts";

/**
 * PM2's programmatic API over one home. Every method takes a callback as its last argument, or returns a promise
 * without one; errors are those of the catalog (docs/reference/errors.md). Connecting is implicit: the first call that
 * needs a daemon starts one.
 */
export class Custom extends HomeMethods {
  /**
   * Starts a script with the fields in `options`, a command, the apps of an ecosystem file, of one or more objects
   * or of `{ apps }`, or declared processes by name, id or namespace. A running app of an object or a file is
   * restarted with its current declaration; a script that is already running is an error without `force`.
   */
  readonly start: Method<[what: Startable], Proc[]> &
    Method<[script: Startable, options: StartOptions], Proc[]> = method(
    async (what: Startable, options: StartOptions = {}) =>
      start(await this.reach(), what, options as RawApp, this.place),
  );

  /** Restarts processes; those of an ecosystem file or an object with its current settings. */
  readonly restart: Method<[target: Startable], Proc[]> &
    Method<[target: Startable, options: UpdateOptions], Proc[]> = method(
    async (target: Startable, options: UpdateOptions = {}) =>
      renew(await this.reach(), "restart", target, options, this.place),
  );

  /**
   * Replaces processes one after the other, a cluster's without downtime. A replacement that does not start leaves
   * the old one serving and is an error; so is a reload while another is in progress.
   */
  readonly reload: Method<[target: Startable], Proc[]> &
    Method<[target: Startable, options: UpdateOptions], Proc[]> = method(
    async (target: Startable, options: UpdateOptions = {}) =>
      renew(await this.reach(), "reload", target, options, this.place),
  );

  /** PM2's other name for `reload`; the bus calls it `graceful reload`. */
  readonly gracefulReload: Method<[target: Startable], Proc[]> &
    Method<[target: Startable, options: UpdateOptions], Proc[]> = method(
    async (target: Startable, options: UpdateOptions = {}) =>
      renew(await this.reach(), "gracefulReload", target, options, this.place),
  );

  /** Stops processes; they stay in the list. */
  readonly stop: Method<[target: Startable], Proc[]> = method(async (target: Startable) =>
    this.#act("stop", target),
  );

  /** Stops processes and removes them from the list; returns them with the status `stopped`. */
  readonly delete: Method<[target: Startable], Proc[]> = method(async (target: Startable) => {
    const client = await this.reach();
    const chosen = await targetsOf(client, target, this.place);
    if (chosen.length === 0) return [];
    const ids = chosen.map(({ id }) => id);
    await allOf("delete", client.act({ action: "delete", ids, by: by("delete") }));
    return chosen.map((detail) => procFrom({ ...detail, status: "stopped", pid: null }));
  });

  /** Sets the restart counters of processes to 0. */
  readonly reset: Method<[target: Startable], Proc[]> = method(async (target: Startable) =>
    this.#act("reset", target),
  );

  /** Scales an app to N processes; `"+2"` and `"-1"` add and remove. */
  readonly scale: Method<[name: string, instances: number | string], Done> = method(
    async (name: string, instances: number | string) => {
      const client = await this.reach();
      const current = await targetsOf(client, name, this.place);
      const isChange = /^[+-]/.test(String(instances));
      const wanted = Number(instances) + (isChange ? current.length : 0);
      const app = current[0]?.app ?? name;
      await allOf("scale", client.scale(app, wanted, by("scale")));
      return { success: true };
    },
  );

  /** Returns all processes, with memory and CPU. */
  readonly list: Method<[], ProcessDescription[]> = method(async () => {
    const details = await (await this.reach()).details({ metrics: true });
    return details.map(descriptionFrom);
  });

  /** Returns the processes that match a target; an empty list if none does. */
  readonly describe: Method<[target: Target], ProcessDescription[]> = method(
    async (target: Target) => {
      const details = await (await this.reach()).details({ metrics: true });
      return (await matching(details, target, this.place)).map(descriptionFrom);
    },
  );

  /** Returns the ids of the processes with a name. */
  readonly getProcessIdByName: Method<[name: string], number[]> = method(async (name: string) => {
    const list = await (await this.reach()).list();
    return list.filter((each) => each.name === name).map(({ id }) => id);
  });

  /** Returns the pids of the processes with a name, or of all; 0 for one that does not run. */
  readonly getPID: Method<[], number[]> & Method<[name: string], number[]> = method(
    async (name?: string) => {
      const list = await (await this.reach()).list();
      return list.filter((each) => name === undefined || each.name === name).map(pidOf);
    },
  );

  /**
   * Sends a message to a process, which receives it by `process.on("message")`; `data` and `topic` are required. A
   * process that does not listen yet gets it once it does.
   */
  readonly sendDataToProcessId: Method<[packet: ProcessMessage], SentData> &
    Method<[id: Target, packet: ProcessMessage], SentData> = method(
    async (first: Target | ProcessMessage, second?: ProcessMessage) =>
      sendData(await this.reach(), first, second),
  );

  /** Sends an action's message to the processes with a name, or to one by its id. */
  readonly msgProcess: Method<
    [packet: { id?: number; name?: string; msg: string; opts?: unknown }],
    { process_count: number; success: true }
  > = method(async (packet: { id?: number; name?: string; msg: string; opts?: unknown }) =>
    sendAction(await this.reach(), packet, this.place),
  );

  /** Triggers a custom action in apps and returns their answers. */
  readonly trigger: Method<[target: Target, action: string], TriggerAnswer[]> &
    Method<[target: Target, action: string, params: unknown], TriggerAnswer[]> = method(
    async (target: Target, action: string, params?: unknown) =>
      trigger(await this.reach(), { target, action, params }, this.place),
  );

  /** Sends a signal (`SIGUSR2`, or its number) to the main process of each process with a name. */
  readonly sendSignalToProcessName: Method<[signal: string | number, name: string], Proc[]> =
    method(async (signal: string | number, name: string) => this.#signal(signal, name));

  /** Sends a signal to the main process of a process. */
  readonly sendSignalToProcessId: Method<[signal: string | number, id: Target], Proc[]> = method(
    async (signal: string | number, id: Target) => this.#signal(signal, Number(id)),
  );

  /** Writes a line, and the separator after it (a newline), to the standard input of a fork-mode process. */
  readonly sendLineToStdin: Method<[id: Target, line: string], SentLine> &
    Method<[id: Target, line: string, separator: string], SentLine> = method(
    async (id: Target, line: string, separator = "\n") =>
      sendLine(await this.reach(), { id, line, separator }),
  );

  /** Attaches this program's terminal to a process, input and output, until the input ends. */
  readonly attach: Method<[id: Target], undefined> &
    Method<[id: Target, separator: string], undefined> = method(
    async (id: Target, separator = "\n") => {
      await attach(await this.reach(), { id: Number(id), separator });
      return undefined;
    },
  );

  /** Empties the log files of some processes, or of all. */
  readonly flush: Method<[], Proc[]> & Method<[target: Target], Proc[]> = method(
    async (target: Target = "all") => this.#act("flush", target),
  );

  /** Returns the environment of a process. */
  readonly env: Method<[id: Target], Readonly<Record<string, string>>> = method(
    async (id: Target) => {
      const [first] = await targetsOf(await this.reach(), id, this.place);
      return first?.spec.env ?? {};
    },
  );

  /** Profiles the daemon for a time (ms; default: 10 seconds) and writes a `.cpuprofile` or `.heapprofile` file into `cwd`. */
  readonly profile: Method<[type: ProfileType], Profiled> &
    Method<[type: ProfileType, time: number | undefined], Profiled> = method(
    async (type: ProfileType, time?: number) =>
      profile(await this.reach(), { type, time, cwd: this.cwd }),
  );

  /**
   * Enables the Node inspector of the apps with a name and returns the addresses. It is disabled again after
   * `disconnect`, or when this program ends.
   */
  readonly inspect: Method<[name: Target], Inspection[]> = method(async (name: Target) => {
    const client = await this.reach();
    const chosen = await targetsOf(client, name, this.place);
    const abort = new AbortController();
    this.onDisconnect(() => abort.abort());
    return Promise.all(
      chosen.map(async ({ id }) => {
        const lines = client.holdDebugger(id, abort.signal)[Symbol.asyncIterator]();
        const first = await lines.next();
        if (first.done === true) throw new Error("can't happen: a debugger is on and nowhere");
        lines.next().catch(() => undefined);
        return first.value;
      }),
    );
  });

  /** Starts a file server for a folder (default: `cwd`), by default on 127.0.0.1 and port 8080. */
  readonly serve: Method<[], Proc[]> &
    Method<[path: string], Proc[]> &
    Method<[path: string, port: number], Proc[]> &
    Method<[path: string, port: number, options: ServeOptions], Proc[]> = method(
    async (path?: string, port?: number, options?: ServeOptions) =>
      serve(await this.reach(), { path, port, options }, this.place),
  );

  /** Always an error: boot scripts are not written here, and the error says what to do instead. */
  readonly startup: Method<[], never> & Method<[platform: string], never> = method(
    async (_platform?: string) => refuse("startup", boot),
  );

  /** Always an error, as `startup`. */
  readonly uninstallStartup: Method<[], never> & Method<[platform: string], never> = method(
    async (_platform?: string) => refuse("uninstallStartup", boot),
  );

  /** Always an error: a module is a program that is started as any other. */
  readonly install: Method<[module: string], never> &
    Method<[module: string, options: object], never> = method(
    async (_module: string, _options?: object) => refuse("install", modules),
  );

  /** Always an error, as `install`. */
  readonly uninstall: Method<[module: string], never> = method(async (_module: string) =>
    refuse("uninstall", modules),
  );

  /** Always an error: the daemon does not monitor the machine. */
  readonly launchSysMonitoring: Method<[], never> = method(async () =>
    refuse("launchSysMonitoring", monitoring),
  );

  async #act(action: "stop" | "reset" | "flush", target: Startable): Promise<Proc[]> {
    const client = await this.reach();
    const ids = (await targetsOf(client, target, this.place)).map(({ id }) => id);
    if (ids.length === 0) return [];
    return procsOf(client, action, client.act({ action, ids, by: by(action) }));
  }

  async #signal(signal: string | number, target: Target): Promise<Proc[]> {
    const client = await this.reach();
    const chosen = await targetsOf(client, target, this.place);
    const ids = chosen.map(({ id }) => id);
    await sendSignal(client, signal, ids);
    return chosen.map(procFrom);
  }
}

interface SentData {
  readonly success: true;
  readonly data: ProcessMessage;
}

interface SentLine {
  readonly pm_id: number;
  readonly line: string;
}

function pidOf({ pid }: { pid: number | null }): number {
  return pid ?? 0;
}
