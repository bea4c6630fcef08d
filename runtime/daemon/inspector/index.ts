import { existsSync } from "node:fs";
import { messageOf } from "../../contract/errors.ts";
import type { Listener } from "./listener.ts";
import type { Inspector } from "../api/inspector-port.ts";
import type { InspectorOptions } from "./options.ts";

export function createInspector(options: InspectorOptions): Inspector {
  const { daemon, log } = options;
  let listener: Promise<Listener> | undefined;
  let loaded: Listener | undefined;
  const load = (inspector: Inspector): Promise<Listener> => {
    listener ??= import("./listener.ts").then(({ createListener }) => {
      loaded = createListener({ ...options, inspector });
      return loaded;
    });
    return listener;
  };
  const inspector: Inspector = {
    open: async (wanted) => (await load(inspector)).open(wanted),
    view: () => loaded?.view() ?? { port: null, viewers: 0, sessions: 0 },
    close: async () => {
      if (listener !== undefined) await (await listener).close();
    },
    reopen: () => {
      if (!existsSync(daemon.paths.inspector)) {
        options.heldPort.hold(undefined);
        return;
      }
      load(inspector)
        .then((each) => each.reopen())
        .catch((error: unknown) => log(`the inspector: ${messageOf(error)}`));
    },
  };
  return inspector;
}
