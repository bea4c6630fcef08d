import { xmError } from "../../contract/errors.ts";
import { homePaths } from "../../host/home/paths.ts";
import type { Client } from "../connection/types.ts";
import { sendData, sendSignal } from "./messages.ts";
import { allOf, descriptionFrom, procFrom } from "./outcomes.ts";
import { by } from "./start.ts";
import { targetsOf } from "./targets.ts";
import type { ProcessDescription, ProcessMessage } from "./types.ts";

type Answer = (error: Error | null, result?: unknown) => void;

/** What programs ask PM2's daemon for by its name. */
const methods: Readonly<Record<string, (client: Client, given: unknown) => Promise<unknown>>> = {
  ping: async () => "pong",
  getVersion: async (client) => (await client.ping()).version,
  getMonitorData: async (client) => processes(client),
  findByName: async (client, name) => (await processes(client)).filter(isNamed(name)),
  getProcessById: async (client, id) => (await processes(client)).find(({ pm_id }) => pm_id === id),
  startProcessId: async (client, id) => act(client, "restart", id),
  restartProcessId: async (client, given) => act(client, "restart", given),
  stopProcessId: async (client, id) => act(client, "stop", id),
  deleteProcessId: async (client, id) => act(client, "delete", id),
  sendSignalToProcessId: async (client, given) => {
    const { signal, process_id: id } = given as { signal: string | number; process_id: number };
    return sendSignal(client, signal, [id]);
  },
  sendDataToProcessId: async (client, given) =>
    sendData(client, given as ProcessMessage, undefined),
};

/**
 * What PM2's module has as `Client`: lists of processes, and `executeRemote`, by which programs call the methods of
 * its daemon. Each takes a callback.
 */
export class RpcClient {
  readonly pm2_home: string;
  readonly rpc_socket_file: string;
  readonly pub_socket_file: string;
  readonly #reach: () => Promise<Client>;

  constructor(home: string, reach: () => Promise<Client>) {
    const { socket } = homePaths(home);
    this.pm2_home = home;
    this.rpc_socket_file = socket;
    this.pub_socket_file = socket;
    this.#reach = reach;
  }

  /** Calls a method of the daemon; one that is not there is an error in the callback. */
  executeRemote(method: string, parameters: unknown, answer: Answer = () => {}): void {
    const work = methods[method];
    this.#answer(answer, async (client) => {
      if (work !== undefined) return work(client, parameters);
      const what = `the daemon has no method "${method}"`;
      throw xmError("ERR_USAGE", { what, fix: `it has ${Object.keys(methods).join(", ")}` });
    });
  }

  /** Every process, in the shape of `list`. */
  getAllProcess(answer: Answer): void {
    this.#answer(answer, processes);
  }

  /** Every id. */
  getAllProcessId(answer: Answer): void {
    this.#answer(answer, async (client) => (await processes(client)).map(({ pm_id }) => pm_id));
  }

  /** The processes of a name. */
  getProcessByName(name: string, answer: Answer): void {
    this.#answer(answer, async (client) => (await processes(client)).filter(isNamed(name)));
  }

  /** The processes of a name, or of an id. */
  getProcessByNameOrId(nameOrId: string | number, answer: Answer): void {
    this.#answer(answer, async (client) =>
      (await processes(client)).filter(
        (each) => isNamed(nameOrId)(each) || String(each.pm_id) === String(nameOrId),
      ),
    );
  }

  /** The ids of a name, and the processes by their ids. */
  getProcessIdByName(name: string, answer: (error: Error | null, ids?: number[]) => void): void {
    this.#answer(answer as Answer, async (client) =>
      (await processes(client)).filter(isNamed(name)).map(({ pm_id }) => pm_id),
    );
  }

  #answer(answer: Answer, work: (client: Client) => Promise<unknown>): void {
    this.#reach()
      .then(work)
      .then(
        (result) => process.nextTick(() => answer(null, result)),
        (error: Error) => process.nextTick(() => answer(error)),
      );
  }
}

async function processes(client: Client): Promise<ProcessDescription[]> {
  return (await client.details({ metrics: true })).map(descriptionFrom);
}

const isNamed =
  (name: unknown) =>
  (each: ProcessDescription): boolean =>
    each.name === String(name);

async function act(
  client: Client,
  action: "restart" | "stop" | "delete",
  given: unknown,
): Promise<unknown> {
  const id = Number(
    typeof given === "object" && given !== null ? (given as { id?: unknown }).id : given,
  );
  const [detail] = await targetsOf(client, id, { cwd: process.cwd(), home: client.home });
  await allOf(action, client.act({ action, ids: [id], by: by(action) }));
  return detail && procFrom(detail);
}
