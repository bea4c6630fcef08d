import { calls, type CallName } from "../../contract/api/calls.ts";
import * as daemonRoutes from "./daemon-routes.ts";
import * as inspectorRoutes from "./inspector-routes.ts";
import * as logRoutes from "./log-routes.ts";
import * as processRoutes from "./process-routes.ts";
import * as runRoutes from "./run-routes.ts";
import * as streamRoutes from "./stream-routes.ts";
import { usageOf } from "./usage-route.ts";
import type { Handler, Route } from "./exchange.ts";

/** What answers each call: the compiler holds it to what the call takes and is answered with. */
const handlers: { readonly [N in CallName]: Handler<N> } = {
  ping: daemonRoutes.ping,
  daemon: daemonRoutes.show,
  shutDown: daemonRoutes.shutDown,
  handOver: daemonRoutes.handOver,
  inspector: inspectorRoutes.show,
  openInspector: inspectorRoutes.open,
  closeInspector: inspectorRoutes.close,
  processes: processRoutes.list,
  process: processRoutes.show,
  states: processRoutes.states,
  usage: usageOf,
  history: processRoutes.history,
  declare: processRoutes.declareApps,
  scale: processRoutes.scaleApp,
  act: processRoutes.actOn,
  run: runRoutes.runJob,
  reload: processRoutes.reloadProcesses,
  trigger: processRoutes.trigger,
  signal: processRoutes.signal,
  message: processRoutes.message,
  input: processRoutes.input,
  inspect: processRoutes.inspect,
  profile: daemonRoutes.profile,
  save: daemonRoutes.save,
  resurrect: daemonRoutes.resurrect,
  events: streamRoutes.events,
  bus: streamRoutes.bus,
  logs: streamRoutes.logs,
  followLogs: streamRoutes.followLogs,
  flushLogs: logRoutes.flush,
  rotateLogs: logRoutes.rotate,
  reopenLogs: logRoutes.reopen,
};

/** What the server routes by. */
export const routes: readonly Route[] = (Object.keys(calls) as CallName[]).map((name) => ({
  ...calls[name],
  handle: handlers[name] as Handler<CallName>,
}));
