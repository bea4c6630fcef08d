/** An event that some states do nothing with, and why that is right. */
export interface Ignored {
  readonly machine: string;
  /** States by id, without the machine's name; `*` at the end stands for all below. */
  readonly states: readonly string[];
  readonly events: readonly string[];
  readonly because: string;
}

/**
 * Every cell of the state × event tables in which nothing happens. The tables in the reference show the reasons, and a
 * unit test fails for a cell that has neither a transition nor a reason, and for a reason without a cell.
 */
export const ignored: readonly Ignored[] = [
  {
    machine: "process",
    states: ["preparing", "alive.starting", "alive.online"],
    events: ["start"],
    because: "it is running",
  },
  {
    machine: "process",
    states: ["alive.stopping.*"],
    events: [
      "sensor.tripped",
      "child.lost",
      "child.elsewhere",
      "child.unstarted",
      "probe.ready",
      "probe.unready",
      "probe.passing",
      "probe.failing",
      "bond.stop",
      "bond.restart",
    ],
    because: "it is stopping anyway",
  },
  {
    machine: "process",
    states: ["pending.waitingForOthers", "preparing", "alive.starting", "alive.stopping.*", "concluding.postStop", "waiting", "held", "errored", "completed", "failed", "stopped.*"],
    events: ["traffic.enter", "traffic.leave"],
    because: "it takes no connections; its app did not know its new state yet",
  },
  {
    machine: "process",
    states: ["alive.stopping.*", "concluding.postStop", "errored", "completed", "failed", "stopped.*"],
    events: ["group.stop"],
    because: "it is stopping, or rests: its group looks again when it has",
  },
  {
    machine: "process",
    states: ["pending.waitingForOthers", "preparing", "alive.starting", "alive.online", "alive.stopping.*", "concluding.postStop", "waiting"],
    events: ["group.start"],
    because: "it starts by itself, or has been started since its group looked",
  },
  {
    machine: "reload",
    states: ["draining"],
    events: ["process.ready"],
    because: "the batch was complete when it began to drain",
  },
  {
    machine: "reload",
    states: ["failing"],
    events: ["process.ready", "process.ended"],
    because: "the replacements are being ended; a late report changes nothing",
  },
  {
    machine: "reload",
    states: ["draining"],
    events: ["process.ended"],
    because: "a replacement that serves restarts by its own policy",
  },
  {
    machine: "app",
    states: ["declared"],
    events: [
      "processes.command",
      "app.reload",
      "sensor.tripped",
      "sensor.failed",
      "sensor.recovered",
      "schedule.due",
      "schedule.begin",
      "schedule.next",
    ],
    because: "it has no processes yet",
  },
  {
    machine: "god",
    states: ["restoring"],
    events: ["app.declare", "app.configure", "app.scaleUp", "app.reload", "processes.command", "shutDown", "handOver"],
    because: "the API answers only after the state is restored",
  },
  {
    machine: "god",
    states: ["shuttingDown"],
    events: ["app.declare", "app.configure", "app.scaleUp", "app.reload", "processes.command", "shutDown", "handOver"],
    because: "it is exiting; the API accepts no more commands",
  },
]; // prettier-ignore
