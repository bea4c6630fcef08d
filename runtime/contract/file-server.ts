/** What a file server reads from its environment, under PM2's names (`PM2_SERVE_PATH` and so on). */
export interface ServeSettings {
  /** Absolute. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  /** What is at `/`, below the folder. */
  readonly homepage: string;
  /** A path that is not a file shows the homepage: a single-page application finds its own way. */
  readonly isSinglePage: boolean;
  /** A folder without an `index.html` shows what is in it. */
  readonly lists: boolean;
  /** Without it everybody may read. */
  readonly login: { readonly username: string; readonly password: string } | undefined;
}

export const usualPort = 8080;

/** Reachable from this machine only: a listener for others exists only on request. */
export const usualHost = "127.0.0.1";
