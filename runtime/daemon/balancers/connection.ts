import { connect, type Socket } from "node:net";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { onLines } from "../../host/lines.ts";
import { balancerVersion, type News, type Order } from "../../contract/balancer.ts";
import { parseNews } from "../../contract/balancer-news.ts";
import { withSocketPath } from "../../host/socket-path.ts";

export type Hello = Extract<News, { news: "hello" }>;
type LaterNews = Exclude<News, Hello>;

/** God's line to one balancer. */
export interface Connection {
  readonly hello: Hello;
  send(order: Order): void;
  /** Lets go of it: the balancer continues. */
  release(): void;
}

/**
 * Connects to a balancer.
 * @param options.doubt says why a greeting is not that of the balancer it should be; `undefined` when it is.
 * @returns `undefined` when nothing listens there.
 * @throws when what answers is not a balancer of this version, or not the right one, or nothing comes in time.
 */
export function connectBalancer(
  path: string,
  options: {
    readonly withinMs: number;
    readonly doubt: (hello: Hello) => string | undefined;
    readonly onNews: (news: LaterNews) => void;
    /** `fault`: its invalid message; the connection has been cut. */
    readonly onLost: (fault?: string) => void;
  },
): Promise<Connection | undefined> {
  const { withinMs, doubt, onNews, onLost } = options;
  return new Promise((resolve, reject) => {
    const socket: Socket = withSocketPath(path, (short) => connect(short));
    let hello: Hello | undefined;
    let fault: string | undefined;
    let isReleased = false;
    const cut = (why: string): false => {
      fault = why;
      if (hello === undefined) reject(new Error(why));
      socket.destroy();
      return false;
    };
    const timer = setTimeout(() => cut(`no greeting within ${withinMs} ms`), withinMs);
    const greet = (news: Hello): boolean => {
      const { app, pid, v } = news;
      if (hello !== undefined) return cut("it sent a second greeting");
      if (v !== balancerVersion)
        return cut(`the balancer of ${app} (pid ${pid}) speaks version ${v}`);
      const why = doubt(news);
      if (why !== undefined) return cut(why);
      clearTimeout(timer);
      hello = news;
      resolve({
        hello,
        send: (order) => void socket.write(`${JSON.stringify(order)}\n`),
        release: () => {
          isReleased = true;
          socket.end();
        },
      });
      return true;
    };
    onLines(socket, (line) => {
      try {
        const news = parseNews(line);
        if (news === undefined) return true;
        if (news.news === "hello") return greet(news);
        if (hello === undefined) return cut("it sent no greeting");
        onNews(news);
        return true;
      } catch (error) {
        return cut(`it sent an invalid message: ${messageOf(error).slice(0, 200)}`);
      }
    });
    socket.on("error", (error) => {
      const code = errnoOf(error);
      if (hello !== undefined) return;
      if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET") resolve(undefined);
      else reject(error);
    });
    socket.on("close", () => {
      clearTimeout(timer);
      if (hello === undefined) resolve(undefined);
      else if (!isReleased) onLost(fault);
    });
  });
}
