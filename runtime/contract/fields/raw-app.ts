/** An app as its user wrote it, under PM2's names. */
export type RawApp = Readonly<Record<string, unknown>> & {
  readonly [place]?: string;
  readonly [origin]?: Origin;
  readonly [shared]?: readonly unknown[];
};

/** Where an app stands in its file, such as `static[0]`, when that is not `apps[INDEX]`. */
export const place = Symbol("place");

/** The file that an app stands in, when that is not the file of the call but one that it includes. */
export const origin = Symbol("origin");

/** What the files that it stands in declare in `notify` for all their apps. */
export const shared = Symbol("shared");

export interface Origin {
  readonly file: string;
  /** What its paths begin at. */
  readonly folder: string;
}
