import { createHash } from "node:crypto";
import * as v from "valibot";
import { processKey } from "../../../machines/lib/process-key.ts";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { emptyImage, type Image } from "./image.ts";
import { readPlain } from "../../host/files/read.ts";
import { parseJson } from "../../host/parse-json.ts";
import { formatVersion } from "./entries.ts";
import { groupFactsSchema, processFactsSchema } from "./facts-schema.ts";
import { declaredAppSchema, faultOf, openReloadSchema, snapshotSchema } from "./schema.ts";

/** A snapshot that was read: everything up to and with journal record `seq`. */
export interface Snapshot {
  readonly seq: number;
  readonly image: Image;
  /** Sentences on records in it that had to be dropped. */
  readonly notes: readonly string[];
}

export type SnapshotReading =
  | { readonly kind: "missing" }
  | { readonly kind: "invalid"; readonly why: string }
  | { readonly kind: "valid"; readonly snapshot: Snapshot };

/** The last field of a snapshot: the checksum of every byte before it. */
const checksumField = /,"sha256":"([0-9a-f]{64})"\}\n?$/;

/** The text of a snapshot. One JSON object, so that any tool can read it. */
export function encodeSnapshot(image: Image, seq: number, at: number): string {
  const body = JSON.stringify({
    v: formatVersion,
    seq,
    at,
    apps: [...image.apps.values()],
    processes: [...image.processes.values()],
    reloads: [...image.reloads.values()],
    ...(image.groups.size === 0 ? {} : { groups: [...image.groups.values()] }),
  }).slice(0, -1);
  return `${body},"sha256":"${sha256(body)}"}\n`;
}

/** Ten thousand processes with large environments; more is not a snapshot of ours. */
const mostBytes = 256 * 1024 * 1024;

/** Reads a snapshot; never throws: what is wrong with it is in the answer. */
export function readSnapshot(path: string): SnapshotReading {
  try {
    return decode(readPlain(path, mostBytes));
  } catch (error) {
    const errno = errnoOf(error);
    // ENOTDIR: the state folder itself is a file, so there is no snapshot in it.
    if (errno === "ENOENT" || errno === "ENOTDIR") return { kind: "missing" };
    return { kind: "invalid", why: messageOf(error) };
  }
}

function decode(text: string): SnapshotReading {
  if (text === "") return { kind: "invalid", why: "it is empty" };
  const checksum = checksumField.exec(text);
  if (checksum === null) return { kind: "invalid", why: "the end of a snapshot is missing" };
  if (sha256(text.slice(0, checksum.index)) !== checksum[1])
    return { kind: "invalid", why: "its checksum is wrong" };
  const parsed = v.safeParse(snapshotSchema, parseJson(text));
  if (!parsed.success) return { kind: "invalid", why: faultOf(parsed.issues) };
  const { seq, apps, processes, reloads, groups } = parsed.output;
  const image = emptyImage();
  const notes: string[] = [];
  for (const value of apps) {
    const app = v.safeParse(declaredAppSchema, value);
    if (app.success) image.apps.set(app.output.key, app.output);
    else notes.push(`an app of the snapshot was dropped: ${faultOf(app.issues)}`);
  }
  for (const value of processes) {
    const facts = v.safeParse(processFactsSchema, value);
    if (facts.success) image.processes.set(processKey(facts.output), facts.output);
    else notes.push(`a process of the snapshot was dropped: ${faultOf(facts.issues)}`);
  }
  for (const value of reloads) {
    const open = v.safeParse(openReloadSchema, value);
    if (open.success) image.reloads.set(open.output.reload.key, open.output);
    else notes.push(`a reload of the snapshot was dropped: ${faultOf(open.issues)}`);
  }
  for (const value of groups) {
    const facts = v.safeParse(groupFactsSchema, value);
    if (facts.success) image.groups.set(facts.output.name, facts.output);
    else notes.push(`a group of the snapshot was dropped: ${faultOf(facts.issues)}`);
  }
  return { kind: "valid", snapshot: { seq, image, notes } };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
