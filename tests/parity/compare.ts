/** What was seen of a manager, by the name of the fact; JSON values. */
export type Facts = Readonly<Record<string, unknown>>;

export interface Difference {
  /** For example `fields.exit_code`. */
  readonly path: string;
  readonly pm2: unknown;
  readonly xm: unknown;
}

/**
 * Every place where two sets of facts differ. Under a name that ends in `…` the second may have more keys than the
 * first: whatever PM2 has is there, and Ex Machina may say more.
 */
export function differences(pm2: Facts, xm: Facts): Difference[] {
  return [...new Set([...Object.keys(pm2), ...Object.keys(xm)])].flatMap((name) =>
    compare({ path: name, pm2: pm2[name], xm: xm[name], mayHaveMore: name.endsWith("…") }),
  );
}

/** Splits differences into those that are declared and the rest, and names declarations that nothing matches. */
export function judge(
  found: readonly Difference[],
  declared: Readonly<Record<string, string>>,
): { undeclared: Difference[]; gone: string[] } {
  const covers = (place: string, { path }: Difference): boolean =>
    path === place || path.startsWith(`${place}.`);
  const places = Object.keys(declared);
  return {
    undeclared: found.filter((each) => !places.some((place) => covers(place, each))),
    gone: places.filter((place) => !found.some((each) => covers(place, each))),
  };
}

function compare(each: Difference & { mayHaveMore: boolean }): Difference[] {
  const { path, pm2, xm, mayHaveMore } = each;
  if (isObject(pm2) && isObject(xm) && Array.isArray(pm2) === Array.isArray(xm)) {
    if (Array.isArray(pm2) && pm2.length !== (xm as unknown as unknown[]).length) {
      return [{ path, pm2, xm }];
    }
    const keys = [...new Set([...Object.keys(pm2), ...(mayHaveMore ? [] : Object.keys(xm))])];
    return keys.flatMap((key) =>
      compare({ path: `${path}.${key}`, pm2: pm2[key], xm: xm[key], mayHaveMore }),
    );
  }
  return Object.is(pm2, xm) ? [] : [{ path, pm2, xm }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
