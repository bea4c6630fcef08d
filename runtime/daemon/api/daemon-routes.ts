import { existsSync } from "node:fs";
import { execPath, memoryUsage, pid, version as nodeVersion } from "node:process";
import { specsFromDump, toDumpEntry } from "../../compat/dump.ts";
import { declare } from "../commands/declare.ts";
import { detailOf } from "../registry/views.ts";
import { patternFault } from "./cron-patterns.ts";
import { readDump, writeDump } from "../state/dump.ts";
import { messageOf } from "../../contract/errors.ts";
import { version } from "../../contract/version.ts";
import type { Daemon } from "../daemon.ts";
import { profileApp } from "../commands/app-profile.ts";
import { profileDaemon } from "../commands/profile.ts";
import type { Exchange } from "./exchange.ts";
import type { DaemonView, Outcome } from "../../contract/api/schemas.ts";
import { shownTime } from "../../host/clock.ts";

export function ping({ send }: Exchange<"ping">): void {
  send({ pid, version });
}

export function show({ daemon, send }: Exchange<"daemon">): void {
  const view: DaemonView = {
    pid,
    version,
    node: `${nodeVersion} (${execPath})`,
    home: daemon.paths.home,
    log: daemon.paths.log,
    startedAt: shownTime(daemon.startedAt),
    memoryBytes: memoryUsage.rss(),
    processes: daemon.registry.processes().length,
    watchdogPid: daemon.watchdogPid(),
    stateIsWritable: daemon.store.isWritable,
    notes: [...daemon.notes],
  };
  send(view);
}

export async function shutDown({
  daemon,
  leave,
  response,
  body,
  send,
}: Exchange<"shutDown">): Promise<void> {
  const { by } = body;
  const stopped = daemon.registry.processes().length;
  await daemon.stopEverything(by);
  await daemon.forgetEverything();
  daemon.bus.killed(by);
  const note = await unwritten(daemon.store);
  response.on("close", () => leave("shutDown"));
  send({ stopped, note });
}

export async function handOver({
  daemon,
  leave,
  response,
  send,
}: Exchange<"handOver">): Promise<void> {
  await daemon.store.flush();
  response.on("close", () => leave("handOver"));
  send({ stopped: 0, note: null });
}

/** What a daemon that ends could not leave in writing. */
async function unwritten(store: Daemon["store"]): Promise<string | null> {
  try {
    await store.flush();
    return null;
  } catch (error) {
    return `this could not be saved, so the next daemon may start them again: ${messageOf(error)}`;
  }
}

export async function save({ daemon, body, send }: Exchange<"save">): Promise<void> {
  const { empty = false } = body;
  const processes = empty ? [] : daemon.registry.processes();
  const list = processes.map((managed) => toDumpEntry(detailOf(managed, undefined, daemon.custom)));
  writeDump(daemon.paths, list);
  await daemon.store.flush();
  send({ file: daemon.paths.dump, processes: list.length });
}

/** Apps of the saved list that run already are left as they are: resurrecting twice doubles nothing. */
export async function resurrect({ daemon, body, send }: Exchange<"resurrect">): Promise<void> {
  const { by } = body;
  const { dump, dumpBackup } = daemon.paths;
  if (!existsSync(dump) && !existsSync(dumpBackup)) {
    send({ outcomes: [], foreign: [], notes: ["nothing is saved: see `xm save`"] });
    return;
  }
  const { list, notes } = readDump(daemon.paths);
  const outcomes: Outcome[] = [];
  const { apps: saved, foreign } = specsFromDump(list);
  const faults = saved.flatMap((spec) => patternFault(spec, spec.name) ?? []);
  const apps = saved.filter((spec) => patternFault(spec, spec.name) === undefined);
  if (apps.length > 0) {
    await declare(daemon, { apps, known: "leave", by }, (outcome) => outcomes.push(outcome));
  }
  send({
    outcomes,
    foreign,
    notes: [...notes, ...faults.map((fault) => `not started: ${fault}`)],
  });
}

export async function profile({ daemon, body, openStream }: Exchange<"profile">): Promise<void> {
  const { id } = body;
  const stream = openStream();
  if (id === undefined) stream.write(await profileDaemon(body, stream.signal));
  else await profileApp(daemon, { ...body, id }, stream);
  stream.end();
}
