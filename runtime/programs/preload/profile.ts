import type { Session } from "node:inspector";
import {
  longestProfile,
  profilePart,
  type Down,
  type ProfileOrder,
} from "../../contract/app-link/protocol.ts";
import type { Link } from "./link.ts";

/** Several people may look at one app. */
const mostAtOnce = 4;

/** God does not read: it is looked again whether it does; ms. */
const retryMs = 20;

/** A God that does not read for this long gets nothing; ms. */
const giveUpMs = 30_000;

/**
 * Profiles the app when God asks, from inside: the port of Node's debugger stays closed, which every user of the machine could
 * reach. The inspector is loaded when it is first asked for.
 */
export function offerProfiles(link: Link): void {
  const running = new Map<number, () => void>();
  link.onDown((message: Down) => {
    if (message.type === "profile.end") running.get(message.ticket)?.();
    if (message.type !== "profile") return;
    const { ticket } = message;
    const tell = (text: string, isLast: boolean, fault?: string): boolean =>
      link.send({ type: "profile", ticket, pid: process.pid, text, isLast, fault });
    if (running.size >= mostAtOnce) return void tell("", true, "it is being profiled already");
    try {
      const end = record(message, (profile, fault) => {
        running.delete(ticket);
        if (profile === undefined) tell("", true, fault ?? "the profiler returned nothing");
        else sendParts(link, JSON.stringify(profile), tell);
      });
      running.set(ticket, end);
      // God waits for this: an app of an older version, or one that is busy, does not answer.
      tell("", false);
    } catch (error) {
      tell("", true, error instanceof Error ? error.message : String(error));
    }
  });
}

/** @returns ends it early. */
function record(
  { kind, durationMs }: ProfileOrder,
  done: (profile: object | undefined, fault?: string) => void,
): () => void {
  const inspector = require("node:inspector") as typeof import("node:inspector");
  const session: Session = new inspector.Session();
  session.connect();
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    const take = (error: Error | null, result?: { profile: object }): void => {
      session.disconnect();
      done(error === null ? result?.profile : undefined, error?.message);
    };
    if (kind === "cpu") session.post("Profiler.stop", take);
    else session.post("HeapProfiler.stopSampling", take);
  };
  // The app ends when it would.
  const timer = setTimeout(end, durationMs).unref();
  if (kind === "cpu") {
    session.post("Profiler.enable");
    session.post("Profiler.start");
  } else {
    session.post("HeapProfiler.enable");
    session.post("HeapProfiler.startSampling");
  }
  return end;
}

/** A part at a time, as fast as God takes them. */
function sendParts(
  link: Link,
  text: string,
  tell: (part: string, isLast: boolean, fault?: string) => boolean,
): void {
  if (text.length > longestProfile) {
    const most = longestProfile / 1024 / 1024;
    tell("", true, `the profile is larger than ${most} MB: a shorter time makes a smaller one`);
    return;
  }
  const begun = performance.now();
  let at = 0;
  const next = (): void => {
    const isLast = at + profilePart >= text.length;
    const isTaken = tell(text.slice(at, at + profilePart), isLast);
    // What a channel does not take at once it keeps.
    if (isTaken || link.isChannel) at += profilePart;
    else if (performance.now() - begun > giveUpMs) return;
    if (at < text.length) setTimeout(next, isTaken ? 0 : retryMs).unref();
  };
  next();
}
