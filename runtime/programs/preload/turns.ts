import type { Server } from "node:net";
import { keepAddress } from "./address.ts";
import type { Link } from "./link.ts";
import type { Sharing } from "./sharing.ts";

/** What a worker's `net.Server` listens with when its primary hands connections out: no socket, a plain object. */
interface TurnHandle {
  close(): void;
}

/**
 * The end of a worker's turns. An app that closes its server and exits would lose the connections that its balancer has
 * handed to it in the meantime: Node counts them as delivered. So the worker takes itself out before it is signalled;
 * what is on its way goes back to the balancer, which hands it to another. The app's own server does not notice.
 */
export function createTurns(link: Link): Sharing {
  const handles = new Map<Server, TurnHandle>();
  let whenParted: (() => void) | undefined;
  const part = (): void => {
    const parted = whenParted;
    whenParted = undefined;
    parted?.();
  };
  link.onDown((message) => {
    if (message.type === "parted") part();
  });
  // The balancer has died: nothing is on its way any more.
  link.onEnd(part);
  return {
    share: (server) => {
      const { _handle: handle } = server as Server & { _handle?: TurnHandle | null };
      if (handle == null || Object.getPrototypeOf(handle) !== Object.prototype) return;
      if (!handles.has(server)) server.once("close", () => handles.delete(server));
      handles.set(server, handle);
    },
    // Its server's handle is closed: it has no turn.
    rest: () => {},
    leave: (parted) => {
      whenParted = parted;
      for (const [server, handle] of handles) {
        keepAddress(server);
        handle.close();
      }
      if (!link.send({ type: "parting" })) part();
    },
  };
}
