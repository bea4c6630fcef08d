import { connect, type Socket } from "node:net";
import { errnoOf } from "../../contract/errors.ts";
import { balancerVersion, type News, type Order } from "../../contract/balancer.ts";
import { onLines } from "../../host/lines.ts";

export type Hello = Extract<News, { news: "hello" }>;

/** God's line to one balancer. */
export interface Connection {
  readonly hello: Hello;
  send(order: Order): void;
  /** Lets go of it: the balancer goes on. */
  release(): void;
}

/**
 * Connects to a balancer.
 * @returns `undefined` when nobody listens there.
 * @throws when somebody does who does not speak this version.
 */
export function connectBalancer(
  path: string,
  events: { onNews: (news: News) => void; onLost: () => void },
): Promise<Connection | undefined> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(path);
    let hello: Hello | undefined;
    onLines(socket, (line) => {
      const news = JSON.parse(line) as News;
      if (news.news !== "hello") {
        events.onNews(news);
        return true;
      }
      if (news.v !== balancerVersion) {
        reject(new Error(`the balancer of ${news.app} (pid ${news.pid}) speaks version ${news.v}`));
        socket.destroy();
        return false;
      }
      hello = news;
      resolve({
        hello,
        send: (order) => void socket.write(`${JSON.stringify(order)}\n`),
        release: () => {
          socket.removeAllListeners("close");
          socket.destroy();
        },
      });
      return true;
    });
    socket.on("error", (error) => {
      const code = errnoOf(error);
      if (hello !== undefined) return;
      if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET") resolve(undefined);
      else reject(error);
    });
    socket.on("close", () => {
      if (hello === undefined) resolve(undefined);
      else events.onLost();
    });
  });
}
