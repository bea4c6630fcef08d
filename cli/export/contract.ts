import type { AppSpec } from "../../machines/spec.ts";

/** An app as it is written for another manager. */
export interface ExportedApp {
  readonly spec: AppSpec;
  /** Its name there: unique in this export, of letters, digits, `.`, `_` and `-`. */
  readonly id: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** The app's own variables, without those of the shell that started it. */
  readonly variables: Readonly<Record<string, string>>;
  /** Those of them that hold a password, a token or a key. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The PATH that its program was found in. */
  readonly path: string | undefined;
  /** Log files that its user has named; `null` discards the stream, `undefined` leaves it to the other manager. */
  readonly out: string | null | undefined;
  readonly error: string | null | undefined;
  /** Name of the user that runs it when it declares none; `undefined` for root. */
  readonly user: string | undefined;
  readonly dependencies: readonly ExportedDependency[];
}

export interface ExportedDependency {
  readonly on: AppSpec["dependsOn"][number];
  /** `undefined` when the app is not part of this export. */
  readonly app: ExportedApp | undefined;
}

/** Something of an app that the other manager cannot do, or does differently. */
export interface Note {
  readonly app: string;
  /** The field of the ecosystem file. */
  readonly field: string;
  readonly why: string;
}

export interface ExportedFile {
  /** Below the folder of the export. */
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

export interface Exported {
  readonly files: readonly ExportedFile[];
  readonly notes: readonly Note[];
}

export interface ExportOptions {
  /** The folder that the files are written to, absolute; `undefined` when they are printed or are one file, without values of secrets. */
  readonly folder: string | undefined;
  /** Container image of all apps. */
  readonly image: string | undefined;
}

/** Collects what cannot be said of one app. */
export type Tell = (field: string, why: string) => void;
