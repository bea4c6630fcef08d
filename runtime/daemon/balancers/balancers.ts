import type { Up } from "../../contract/app-link/protocol.ts";
import type { WorkerEnd, WorkerState } from "../../contract/balancer.ts";
import type { Groups } from "../../host/groups/groups.ts";
import { isLiving, readProcess } from "../../host/procfs.ts";
import { goneBy, inSteadyTime, type Balancer, type Held } from "./balancer.ts";
import { beginBalancer } from "./begin.ts";
import type { Balancers, WorkerLine } from "./contract.ts";
import { createFleet } from "./fleet.ts";
import { madeOfSpec } from "./launch.ts";
import { socketsIn } from "./record.ts";
import { endOf, takeOver } from "./take-over.ts";

/*
 * The balancers of a home. God starts one when the first process of a cluster app is to run, under the app's own
 * interpreter and with the app's rights, and finds it again by its socket and its record after its own death. A balancer
 * that dies, or says what no balancer says, takes its workers with it: they give up their sockets, finish what is in
 * flight and end, and the processes start again under the next.
 */

/** The longest it is waited for when everything ends. */
const quitsWithinMs = 1_000;

/** A worker is forked at once; this much later its balancer stands still. */
const answersWithinMs = 15_000;

export function createBalancers(options: {
  /** Folder of their sockets. */
  readonly folder: string;
  readonly program: string;
  readonly home: string;
  readonly groups: Groups;
  readonly log: (line: string) => void;
}): Balancers {
  const { folder, program, home, groups, log } = options;
  const fleet = createFleet(log);
  const { balancers, older, dismiss, linger, lose } = fleet;
  const unconfirmed: (() => void)[] = [];
  const states = new Map<string, { balancer: Balancer; state: WorkerState }>();

  const lineTo = (balancer: Balancer, life: string): WorkerLine => ({
    tell: (message) => {
      if (!balancer.workers.has(life)) return false;
      void balancer.connection.then((line) => line?.send({ order: "tell", life, message }));
      return true;
    },
    release: () => void balancer.workers.delete(life),
  });

  return {
    fork: ({ app, spec, identity, life, mark, command, events }) => {
      const known = balancers.get(app);
      const fits = known !== undefined && known.madeOf === madeOfSpec(spec, identity);
      if (known !== undefined && !fits) older.add(known);
      const balancer = fits
        ? known
        : beginBalancer({ app, spec, identity }, { fleet, folder, program, home, groups });
      if (balancer instanceof Error) {
        const message = `the balancer of ${app} cannot be started: ${balancer.message}`;
        setImmediate(() => events.failed("ERR_CANNOT_SPAWN", message));
        return { tell: () => false, release: () => {} };
      }
      clearTimeout(balancer.linger);
      const held: Held = { events, ordered: { mark, identity }, late: undefined };
      balancer.workers.set(life, held);
      void balancer.connection.then((line) => {
        line?.send({ order: "fork", life, command });
        held.late = setTimeout(() => {
          if (balancer.workers.get(life) === held)
            lose(balancer, `it has not started a worker within ${answersWithinMs} ms`);
        }, answersWithinMs).unref();
      });
      return lineTo(balancer, life);
    },
    adopt: ({ lifeId, pid }, events) => {
      const found = states.get(lifeId);
      states.delete(lifeId);
      if (found === undefined || found.balancer.isLost || found.state.pid !== pid) return undefined;
      const { balancer, state } = found;
      clearTimeout(balancer.linger);
      balancer.workers.set(lifeId, { events });
      const { isReady, isListening, said, listens } = state;
      const hello: Up = {
        type: "hello",
        v: 1,
        life: lifeId,
        pid,
        isReady,
        isListening,
        said,
        listens,
      };
      setImmediate(() => events.told(hello));
      return lineTo(balancer, lifeId);
    },
    find: async ({ mayTrustOld }) => {
      const ends = new Map<string, WorkerEnd>();
      await Promise.all(
        socketsIn(folder).map(async (path) => {
          const found = await takeOver(path, { fleet, mayTrustOld });
          if (found === undefined) return;
          const { balancer, line } = found;
          const { workers, ended } = line.hello;
          if (balancers.has(balancer.app)) older.add(balancer);
          else balancers.set(balancer.app, balancer);
          const late: Promise<WorkerEnd | undefined>[] = [];
          for (const state of workers) {
            const stat = readProcess(state.pid);
            if (stat === undefined || !isLiving(stat)) late.push(endOf(balancer, state.life));
            else states.set(state.life, { balancer, state });
          }
          // A worker may have ended an instant before its balancer noticed.
          for (const heard of [...ended, ...(await Promise.all(late))]) {
            if (heard === undefined) continue;
            ends.set(heard.life, inSteadyTime(heard));
            unconfirmed.push(() => line.send({ order: "forget", life: heard.life }));
          }
          linger(balancer);
        }),
      );
      return ends;
    },
    confirm: () => {
      for (const forgetEnd of unconfirmed.splice(0)) forgetEnd();
    },
    end: (app) => {
      const balancer = balancers.get(app);
      if (balancer === undefined || balancer.workers.size > 0) return;
      void dismiss(balancer);
    },
    quit: async () => {
      await Promise.all(
        [...balancers.values(), ...older].map(async (balancer) => {
          await dismiss(balancer);
          await goneBy(balancer.pid, performance.now() + quitsWithinMs);
        }),
      );
    },
  };
}
