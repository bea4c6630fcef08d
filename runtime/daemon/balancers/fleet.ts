import type { News } from "../../contract/balancer.ts";
import { end, goneBy, inSteadyTime, type Balancer } from "./balancer.ts";
import { doubtsAbout } from "./claimed.ts";
import { connectBalancer, type Connection, type Hello } from "./connection.ts";
import { readRecord, removeFiles } from "./record.ts";

/** A balancer without workers ends after this; a crash loop does not pay for a new one each time. */
const lingerMs = 5_000;

/** The longest between the end of its line and its own; ms. */
const endsWithinMs = 1_000;

/** The existing balancers: their messages are handled, and useless or untrusted ones are ended. */
export interface Fleet {
  /** The one of each app that takes new workers. */
  readonly balancers: Map<string, Balancer>;
  /** Those of an app that has a newer one; they end with their last worker. */
  readonly older: Set<Balancer>;
  readonly log: (line: string) => void;
  /** Connects to one and handles its messages from then on. */
  reach(
    balancer: Balancer,
    options: { withinMs: number; doubt: (hello: Hello) => string | undefined },
  ): Promise<Connection | undefined>;
  /** Ends it soon if it still has no worker then. */
  readonly linger: (balancer: Balancer) => void;
  readonly dismiss: (balancer: Balancer) => Promise<void>;
  forget(balancer: Balancer): void;
  /** Its workers are lost with it. @param fault why it is not trusted any more; without one it has died or has another daemon. */
  readonly lose: (balancer: Balancer, fault?: string) => void;
}

export function createFleet(log: (line: string) => void): Fleet {
  const balancers: Fleet["balancers"] = new Map();
  const older: Fleet["older"] = new Set();

  const hear = (balancer: Balancer, news: Exclude<News, Hello>): void => {
    if (news.news === "noted") return log(`the balancer of ${balancer.app}: ${news.line}`);
    const { events, ordered, late } = balancer.workers.get(news.life) ?? {};
    clearTimeout(late);
    if (news.news === "forked" && ordered !== undefined) {
      const doubt = doubtsAbout({ pid: news.pid, balancerPid: balancer.pid, ...ordered });
      if (doubt !== undefined) return lose(balancer, doubt);
      events?.forked(news.pid);
    }
    if (news.news === "failed") {
      balancer.workers.delete(news.life);
      events?.failed(news.code, news.message);
    }
    if (news.news === "told") events?.told(news.message);
    if (news.news === "ended") {
      balancer.workers.delete(news.life);
      events?.ended(inSteadyTime(news));
      void balancer.connection.then((line) => line?.send({ order: "forget", life: news.life }));
    }
    if (balancer.workers.size === 0) linger(balancer);
  };
  const linger = (balancer: Balancer): void => {
    clearTimeout(balancer.linger);
    balancer.linger = setTimeout(() => {
      if (balancer.workers.size > 0) return;
      void dismiss(balancer);
    }, lingerMs).unref();
  };
  const dismiss = (balancer: Balancer): Promise<void> => {
    forget(balancer);
    return balancer.connection.then((line) => {
      line?.send({ order: "quit" });
      line?.release();
      removeFiles(balancer.path);
    });
  };
  const forget = (balancer: Balancer): void => {
    balancer.isLost = true;
    clearTimeout(balancer.linger);
    older.delete(balancer);
    if (balancers.get(balancer.app) === balancer) balancers.delete(balancer.app);
  };
  const lose = (balancer: Balancer, fault?: string): void => {
    if (balancer.isLost) return;
    forget(balancer);
    if (fault === undefined) void cleanUpAfter(balancer);
    else {
      log(`the balancer of ${balancer.app} (pid ${balancer.pid}) is ended: ${fault}`);
      removeFiles(balancer.path);
      end(balancer);
    }
    for (const { events } of balancer.workers.values()) events.lost();
    balancer.workers.clear();
  };
  /** One that closed its line without a fault is ending, or has another daemon: then its files are not ours. */
  const cleanUpAfter = async ({ app, pid, path }: Balancer): Promise<void> => {
    if (!(await goneBy(pid, performance.now() + endsWithinMs))) {
      return log(`the balancer of ${app} (pid ${pid}) has another daemon`);
    }
    log(`the balancer of ${app} (pid ${pid}) has died`);
    const record = readRecord(path);
    if (record === undefined || record.pid === pid) removeFiles(path);
  };
  const reach = (
    balancer: Balancer,
    { withinMs, doubt }: { withinMs: number; doubt: (hello: Hello) => string | undefined },
  ): Promise<Connection | undefined> =>
    connectBalancer(balancer.path, {
      withinMs,
      doubt,
      onNews: (news) => hear(balancer, news),
      onLost: (fault) => lose(balancer, fault),
    });

  return { balancers, older, log, reach, linger, dismiss, forget, lose };
}
