import type { ChildFact } from "../../../machines/facts.ts";
import type { Down, Up } from "../../contract/app-link/protocol.ts";
import { commandInFront } from "../../host/node-program.ts";
import type { Delivery, Talk } from "../app-links/lives.ts";
import type { Peer } from "../app-links/peer.ts";
import { expectEnd, watchAdopted } from "./adopted.ts";
import type { ChildEvents, ChildHandle, End, Launch } from "./contract.ts";
import { takeExitCode } from "./exit-code.ts";
import { knownMarkers } from "./life.ts";
import { removePidFile } from "./pid-file.ts";
import { answersWithinMs, stopOrder } from "./stop-order.ts";
import type { OwnGroup } from "./own-group.ts";
import type { StartedChild } from "./spawn.ts";
import {
  addLeader,
  findTree,
  removeLeader,
  sharedScan,
  signalProcess,
  signalTree,
} from "./tree.ts";
import { steadyNow } from "../../host/clock.ts";

/** Between two looks at what is left of a tree; ms. */
const shortestLookMs = 2;
const longestLookMs = 50;

/** A worker without a balancer ends by itself within this, or is killed; ms. */
const lostEndsWithinMs = 500;

/** A command in front of an app passes its signal on within this, or the rest of the tree is signalled too; ms. */
const passesOnWithinMs = 300;

/** An identity with a lifetime: from the spawn, or the adoption, until nothing of its tree is left. */
export class Child implements ChildHandle {
  readonly fact: ChildFact;
  readonly isInFront: boolean;
  readonly #launch: Launch;
  readonly #events: ChildEvents;
  readonly #started: Pick<StartedChild, "release"> | undefined;
  readonly #talk: Talk;
  readonly #group: OwnGroup | undefined;
  #endWatch: (() => void) | undefined;
  #end: End | undefined;
  #stopWasAsked = false;
  /** What has still to be said to an app whose line is not there yet. */
  #reminder: { readonly order: Down | undefined; readonly wasSignalled: boolean } | undefined;
  #isDraining = false;
  #isLost = false;
  #isReleased = false;
  #isKilling = false;
  #timer: NodeJS.Timeout | undefined;
  #answer: NodeJS.Timeout | undefined;
  #lookMs = shortestLookMs;
  /** Those asked to prepare for the end that have not answered. */
  #unanswered = 0;
  /** Apps behind a command that have answered, and those of them that drain. */
  readonly #behind = new Set<Peer>();
  readonly #draining = new Set<Peer>();
  #passingOn: NodeJS.Timeout | undefined;

  constructor(options: {
    launch: Launch;
    fact: ChildFact;
    events: ChildEvents;
    talk: Talk;
    started?: Pick<StartedChild, "release">;
    group?: OwnGroup | undefined;
  }) {
    this.#group = options.group;
    this.#launch = options.launch;
    this.fact = options.fact;
    const { spec } = options.launch;
    this.isInFront = spec.mode === "fork" && commandInFront(spec) !== undefined;
    this.#events = options.events;
    this.#started = options.started;
    this.#talk = options.talk;
    this.#talk.main(this.fact.pid);
    addLeader(this.fact.pid);
  }

  /** Polls for its end, which nothing will report. An app that exited in an orderly way has left its exit code. */
  watch(exits: string | null): void {
    this.#endWatch ??= watchAdopted(this.fact, () => {
      const left = exits === null ? undefined : takeExitCode(exits, this.fact.lifeId);
      this.ended({ at: left?.at ?? steadyNow(), code: left?.code ?? null, signal: null });
    });
    if (this.#stopWasAsked || this.#isKilling) expectEnd(this.fact);
  }

  /** Its balancer has died: it exits by itself, and has little time to finish what is in flight. */
  lose(): void {
    this.#isLost = true;
    this.watch(null);
    expectEnd(this.fact);
    this.#answer = setTimeout(() => this.kill(), lostEndsWithinMs);
  }

  /** @param from of an app that talks to God itself; a worker's balancer speaks for it. */
  hear(message: Up, from?: Peer): void {
    if (message.type === "drained") return this.#drained(from);
    if (message.type === "hello") this.#remindAgain();
    if (message.type !== "stopping") return this.#events.told(message);
    this.#unanswered -= 1;
    if (this.#unanswered <= 0) clearTimeout(this.#answer);
    const isBehind = from?.pid !== undefined && from.pid !== this.fact.pid;
    if (isBehind) {
      this.#behind.add(from);
      from.onGone(() => this.#behind.delete(from));
    }
    if (message.how === "drain" && isBehind) {
      this.#draining.add(from);
      from.onGone(() => this.#drained(from));
    } else if (message.how === "drain") this.#isDraining = true;
    else if (this.#unanswered <= 0 && this.#draining.size === 0) this.#askToEnd();
  }

  /** A command in front of an app does not always end with it, and what else it has started does not. */
  #drained(app: Peer | undefined): void {
    if (app === undefined || !this.#draining.delete(app)) return;
    const isLast = this.#draining.size === 0 && this.#unanswered <= 0;
    if (isLast && this.#end === undefined) this.#askToEnd();
  }

  stop(graceMs: number): void {
    if (this.#endWatch !== undefined && !this.#stopWasAsked) expectEnd(this.fact);
    this.#stopWasAsked = true;
    if (this.#isLost) return;
    const order = stopOrder(this.#launch.spec, graceMs);
    this.#unanswered = order !== undefined && this.#end === undefined ? this.#talk.tell(order) : 0;
    if (this.#unanswered > 0) {
      this.#answer = setTimeout(() => this.#askToEnd(), answersWithinMs(graceMs));
      return;
    }
    this.#askToEnd();
  }

  remind(graceMs: number, wasSignalled: boolean): void {
    if (this.#endWatch !== undefined && !this.#stopWasAsked) expectEnd(this.fact);
    this.#stopWasAsked = true;
    if (this.#isLost || this.#end !== undefined) return;
    const order = stopOrder(this.#launch.spec, graceMs);
    const { stopWithMessage } = this.#launch.spec;
    if (order === undefined && wasSignalled) return;
    // Nothing comes from a program that has no line, and nothing has to be said over one.
    if (order === undefined && !stopWithMessage) return this.#askToEnd();
    this.#reminder = { order: order && { ...order, again: true, wasSignalled }, wasSignalled };
    // The line of an app that talks to God itself comes a moment after God; a program may have none.
    if (!wasSignalled)
      this.#answer = setTimeout(() => {
        this.#reminder = undefined;
        this.#askToEnd();
      }, answersWithinMs(graceMs));
    this.#remindAgain();
  }

  /** Sends what the previous daemon may not have sent, as soon as there is a line. */
  #remindAgain(): void {
    const reminder = this.#reminder;
    if (reminder === undefined) return;
    const { order, wasSignalled } = reminder;
    if (order === undefined) {
      if (!this.#talk.hears()) return;
      this.#reminder = undefined;
      clearTimeout(this.#answer);
      this.#askToEnd();
      return;
    }
    const told = this.#talk.tell(order);
    if (told === 0) return;
    this.#reminder = undefined;
    if (!wasSignalled) this.#unanswered = told;
  }

  kill(): void {
    if (this.#endWatch !== undefined && !this.#stopWasAsked) expectEnd(this.fact);
    this.#isKilling = true;
    this.#look();
  }

  signal(signal: string): void {
    signalProcess(this.fact, signal);
  }

  tell(message: Down): boolean {
    return this.#end === undefined && this.#talk.tell(message) > 0;
  }

  post(data: unknown): Delivery {
    return this.#end === undefined ? this.#talk.post(data) : "unreachable";
  }

  release(): void {
    this.#isReleased = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#answer);
    clearTimeout(this.#passingOn);
    this.#endWatch?.();
    this.#group?.release();
    this.#talk.release();
    this.#started?.release();
    removeLeader(this.fact.pid);
  }

  /** The main process has ended; the rest of its tree may not have. */
  ended(end: End): void {
    if (this.#end !== undefined) return;
    this.#end = this.#group?.explained(end) ?? end;
    const background = this.#background(end);
    if (background !== undefined) this.#end = { ...this.#end, backgroundPid: background };
    clearTimeout(this.#answer);
    removePidFile(this.#launch, this.fact.pid);
    // Who drained was not signalled, and neither were its own children.
    if (this.#isDraining) this.#signalAll();
    if (this.#passingOn !== undefined) this.#signalRest();
    this.#look();
  }

  /** A descendant that has left the session of a main process that has ended as if its work were done. */
  #background({ code }: End): number | undefined {
    const isLeader = this.#launch.spec.mode === "fork";
    if (code !== 0 || !isLeader || this.#stopWasAsked || this.#isKilling) return undefined;
    return this.#tree().find(({ session }) => session !== this.fact.pid)?.pid;
  }

  /** By the message that its own code waits for, or the signal: once that is in the journal, so that no daemon does it twice. */
  #askToEnd(): void {
    if (this.#end !== undefined) return this.#sendEnd();
    this.#events.signalled(steadyNow());
    // A machine that is at work handles the event, and the journal has it, when this call has ended.
    queueMicrotask(() => {
      if (!this.#isReleased) this.#sendEnd();
    });
  }

  #sendEnd(): void {
    const { stopWithMessage } = this.#launch.spec;
    if (stopWithMessage && this.tell({ type: "message", data: "shutdown" })) return;
    this.#signalAll();
  }

  #signalAll(): void {
    const { stopSignal, killsTree } = this.#launch.spec;
    const isInFront = this.isInFront || this.#behind.size > 0;
    if (!killsTree || isInFront) signalProcess(this.fact, stopSignal);
    else signalTree(this.fact, this.#tree(), stopSignal);
    if (!killsTree || !isInFront) return;
    // It passes the signal on, as a rule. An app that gets two may give up what is in flight, and Node's watcher hangs when
    // the app has ended before it hears of it.
    this.#passingOn ??= setTimeout(() => this.#signalRest(), passesOnWithinMs);
  }

  /** What the command in front has not passed its signal on to. */
  #signalRest(): void {
    clearTimeout(this.#passingOn);
    this.#passingOn = undefined;
    // An app that has answered knows whether it has had the signal.
    const asked = [...this.#behind].filter((app) => app.tell({ type: "leave" }));
    const spared = new Set([this.fact.pid, ...asked.map(({ pid }) => pid)]);
    for (const stat of this.#tree())
      if (!spared.has(stat.pid)) signalProcess(stat, this.#launch.spec.stopSignal);
  }

  /** Kills the rest, and checks again until nothing is left. */
  #look(): void {
    clearTimeout(this.#timer);
    const { killsTree } = this.#launch.spec;
    const tree = killsTree ? this.#tree() : [];
    const isGone = tree.length === 0 && (!killsTree || this.#group?.isEmpty(tree) !== false);
    if (this.#end !== undefined && isGone) {
      this.#group?.remove();
      this.#events.exited(this.#end);
      return;
    }
    const isLeftOver = this.#end !== undefined && !this.#stopWasAsked;
    if (this.#isKilling || isLeftOver) {
      if (killsTree) this.#group?.kill();
      if (killsTree) signalTree(this.fact, tree, "SIGKILL");
      else signalProcess(this.fact, "SIGKILL");
    }
    if (this.#end === undefined && !killsTree) return;
    if (this.#end !== undefined) this.#group?.watch(() => this.#look());
    this.#timer = setTimeout(() => this.#look(), this.#lookMs);
    this.#lookMs = Math.min(this.#lookMs * 2, longestLookMs);
  }

  #tree(): ReturnType<typeof findTree> {
    if (this.#group !== undefined) return this.#group.tree(this.fact);
    const scan = sharedScan(this.#end === undefined ? undefined : this.fact);
    return findTree(this.fact, knownMarkers(this.#launch), scan);
  }
}
