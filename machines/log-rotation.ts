/*
 * When a log file is rotated and which of its rotated files go: pure, with times as arguments, so that a year of it is
 * played in a test. A file is one that a stream is appended to; `bytes` is its size.
 */

/** How a file is rotated, every default filled in. */
export interface RotationRule {
  /** A file that is larger is rotated; `null` for any size. */
  readonly maxBytes: number | null;
  /** How many rotated files are kept of each file; `null` for all. */
  readonly retain: number | null;
  readonly compress: boolean;
  /** Cron pattern by which it is rotated too; `null` for none. */
  readonly schedule: string | null;
  /** Time zone of the pattern, and of the time in the names; `null` is the daemon's. */
  readonly timezone: string | null;
  /** Older rotated files go; ms. `null` for no age. */
  readonly maxAgeMs: number | null;
  /** What the rotated files of one file may take together; `null` for no limit. */
  readonly maxTotalBytes: number | null;
  /** The time in a rotated file's name, in dayjs's tokens. */
  readonly dateSuffix: string;
}

/** What an app declares of it; what it leaves out is the home's. */
export type RotationSpec = { readonly [K in keyof RotationRule]?: RotationRule[K] | undefined };

/** For files that Ex Machina names itself: only our own commands read them. */
export const ownFilesRule: RotationRule = {
  maxBytes: 50 * 2 ** 20,
  retain: 10,
  compress: true,
  schedule: null,
  timezone: null,
  maxAgeMs: null,
  maxTotalBytes: null,
  dateSuffix: "YYYY-MM-DD_HH-mm-ss",
};

/**
 * The rule for one file.
 * @param options.home what was set for the whole home (`xm set pm2-logrotate:…`), which is for every file.
 * @param options.isOwn Ex Machina has named the file.
 * @returns `null` when it is not rotated.
 */
export function ruleFor(options: {
  readonly declared: RotationSpec | undefined;
  readonly home: RotationSpec | null;
  readonly isOwn: boolean;
}): RotationRule | null {
  const { declared, home, isOwn } = options;
  const isAsked = declared !== undefined && Object.keys(declared).length > 0;
  if (!isAsked && home === null && !isOwn) return null;
  const given = Object.entries({ ...home, ...declared }).filter(([, value]) => value !== undefined);
  const rule = { ...ownFilesRule, ...(Object.fromEntries(given) as Partial<RotationRule>) };
  return rule.maxBytes === null && rule.schedule === null ? null : rule;
}

export function isTooLarge(bytes: number, { maxBytes }: RotationRule): boolean {
  return maxBytes !== null && bytes > maxBytes;
}

/** Between two looks at the sizes; ms. */
export const looksEveryMs = 10_000;
const soonestMs = 250;

/** One size of a file, when it was seen. */
export interface Seen {
  readonly bytes: number;
  readonly at: number;
}

/**
 * How long until the next look at a file: the usual time, or until it has grown too large if it goes on growing as it
 * does.
 */
export function nextLookMs(rule: RotationRule, before: Seen | undefined, now: Seen): number {
  if (rule.maxBytes === null || before === undefined || now.at <= before.at) return looksEveryMs;
  const perMs = (now.bytes - before.bytes) / (now.at - before.at);
  if (perMs <= 0) return looksEveryMs;
  const left = Math.max(0, rule.maxBytes - now.bytes) / perMs;
  return Math.min(looksEveryMs, Math.max(soonestMs, Math.ceil(left)));
}

/** One rotated file. */
export interface RotatedFile {
  readonly name: string;
  readonly bytes: number;
  /** When it was rotated: what is in it was written before. ms since the epoch. */
  readonly at: number;
}

/** The rotated files of one file that are to go, oldest first. */
export function toRemove(
  files: readonly RotatedFile[],
  rule: Pick<RotationRule, "retain" | "maxAgeMs" | "maxTotalBytes">,
  now: number,
): string[] {
  const newestFirst = files.toSorted((a, b) => b.at - a.at || (a.name < b.name ? 1 : -1));
  let total = 0;
  const gone = newestFirst.filter(({ bytes, at }, index) => {
    total += bytes;
    return (
      (rule.retain !== null && index >= rule.retain) ||
      (rule.maxAgeMs !== null && now - at > rule.maxAgeMs) ||
      (rule.maxTotalBytes !== null && total > rule.maxTotalBytes)
    );
  });
  return gone.toReversed().map(({ name }) => name);
}
