import { createHash } from "node:crypto";
import type { NotifySpec, NotifyTarget } from "../../../machines/notify-spec.ts";
import type { Message, Notice } from "../../contract/notify.ts";
import type { Sent } from "../../host/notify/sent.ts";
import type { Kept, Pending, RuleState } from "./kept.ts";

/*
 * What is to be sent: kept on disk before the first attempt, and removed after the one that succeeded. A kill between the two
 * sends a message once more, marked as repeated. Targets do not wait for one another.
 */

/** `after` counts within this time; ms. */
const countedMs = 10 * 60_000;

/** A message is given up after this many attempts, or this long; ms. */
const mostAttempts = 10;
const mostAgeMs = 24 * 3_600_000;

/** After the first failure, doubled after each further one; ms. */
const firstRetryMs = 1_000;
const mostRetryMs = 5 * 60_000;

/** More are not kept: the oldest are dropped. */
const mostPending = 1_000;
const mostHeld = 100;
const mostAtOnce = 8;

export interface Outbox {
  /** Takes a notice for one rule of one app. */
  offer(app: string, rule: NotifySpec, notice: Notice): void;
  /** Sends what is due. @returns how long until the next is; ms. */
  pump(): number;
  isIdle(): boolean;
}

export function createOutbox(options: {
  readonly kept: Kept;
  readonly save: () => void;
  readonly send: (pending: Pending, message: Message) => Promise<Sent>;
  readonly tell: (line: string) => void;
  readonly now: () => number;
  /** Called when something has become due. */
  readonly wake: () => void;
  readonly retryMs?: number;
}): Outbox {
  const { kept, save, send, tell, now, wake, retryMs = firstRetryMs } = options;
  const underway = new Set<string>();

  const enqueue = (
    app: string,
    rule: NotifySpec,
    notices: readonly Notice[],
    state: RuleState,
  ): void => {
    const id = `${notices[0]?.id ?? ""}-${keyOf(app, rule).slice(0, 8)}`;
    const message = { id, notices, leftOut: state.leftOut, repeated: false };
    kept.pending.push({
      app,
      target: rule.target,
      message,
      attempts: 0,
      nextAt: 0,
      firstAt: now(),
    });
    state.leftOut = 0;
    state.sentAt = now();
    const isTooMuch = kept.pending.length > mostPending;
    const dropped = isTooMuch
      ? kept.pending.find((each) => !underway.has(targetOf(each.target)))
      : undefined;
    if (dropped === undefined) return;
    kept.pending = kept.pending.filter((each) => each !== dropped);
    tell(
      `more than ${mostPending} notices wait for ${placeOf(dropped.target)}: dropped the oldest`,
    );
  };
  const attempt = async (pending: Pending): Promise<void> => {
    const key = targetOf(pending.target);
    underway.add(key);
    pending.attempts += 1;
    save();
    const sent = await send(pending, { ...pending.message, repeated: pending.attempts > 1 });
    underway.delete(key);
    const isOver =
      sent.isFinal || pending.attempts >= mostAttempts || now() - pending.firstAt > mostAgeMs;
    if (sent.isSent || isOver) kept.pending = kept.pending.filter((each) => each !== pending);
    else {
      const waitMs = Math.min(retryMs * 2 ** (pending.attempts - 1), mostRetryMs);
      pending.nextAt = now() + waitMs;
    }
    if (!sent.isSent && (isOver || pending.attempts === 1)) {
      const next = isOver ? "given up" : "it is tried again";
      tell(`a notice for ${placeOf(pending.target)} was not sent (${sent.why}); ${next}`);
    }
    save();
    wake();
  };
  const flushDigests = (): number => {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const state of Object.values(kept.rules)) {
      const { held } = state;
      if (held === null || held.notices.length === 0) continue;
      const leftMs = state.sentAt + held.rule.minIntervalMs - now();
      if (leftMs > 0 && leftMs <= held.rule.minIntervalMs) nextMs = Math.min(nextMs, leftMs);
      else {
        state.held = null;
        enqueue(held.app, held.rule, held.notices, state);
      }
    }
    return nextMs;
  };

  return {
    offer: (app, rule, notice) => {
      const state = (kept.rules[keyOf(app, rule)] ??= {
        sentAt: 0,
        leftOut: 0,
        times: {},
        held: null,
      });
      const times = (state.times[notice.event] ?? []).filter(
        (at) => Math.abs(notice.at - at) < countedMs,
      );
      times.push(notice.at);
      state.times[notice.event] = times.slice(-rule.after);
      if (times.length < rule.after) return;
      const sinceMs = now() - state.sentAt;
      const isFree = sinceMs >= rule.minIntervalMs || sinceMs < 0;
      if (isFree && state.held === null) return enqueue(app, rule, [notice], state);
      if (!rule.digest) {
        state.leftOut += 1;
        return;
      }
      const held = state.held ?? { app, rule, notices: [] };
      if (held.notices.length < mostHeld) held.notices.push(notice);
      else state.leftOut += 1;
      state.held = held;
    },
    pump: () => {
      let nextMs = flushDigests();
      // The first of each target: behind one that fails the others wait too.
      const seen = new Set<string>();
      for (const pending of kept.pending) {
        const key = targetOf(pending.target);
        if (seen.has(key)) continue;
        seen.add(key);
        if (underway.has(key)) continue;
        const leftMs = pending.nextAt - now();
        // A clock that was set back makes nobody wait.
        if (leftMs > 0 && leftMs <= mostRetryMs) nextMs = Math.min(nextMs, leftMs);
        else if (underway.size < mostAtOnce) void attempt(pending);
      }
      return nextMs;
    },
    isIdle: () => kept.pending.length === 0 && underway.size === 0,
  };
}

/** The state of a rule goes on when the file is read again unchanged. */
function keyOf(app: string, rule: NotifySpec): string {
  return createHash("sha256")
    .update(`${app}\0${JSON.stringify(rule)}`)
    .digest("hex")
    .slice(0, 32);
}

const targetOf = (target: NotifyTarget): string => JSON.stringify(target);

/** A target in a log, without what is a permission to write to it. */
export function placeOf(target: NotifyTarget): string {
  if (target.kind === "exec") return "exec";
  if (target.kind === "email") return `email ${target.to}`;
  return URL.canParse(target.url) ? `${target.kind} ${new URL(target.url).host}` : target.kind;
}
