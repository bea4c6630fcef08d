/** What a caller can do about an error. */
export type ErrorClass = "invalid" | "not-found" | "conflict" | "denied" | "unavailable" | "failed";

export interface Told {
  readonly what: string;
  readonly why?: string | undefined;
  readonly fix: string;
}

export interface Entry<TParams> {
  readonly class: ErrorClass;
  readonly tell: (params: TParams) => Told;
}

/** An entry of the catalog. */
export function define<TParams = undefined>(
  errorClass: ErrorClass,
  tell: (params: TParams) => Told,
): Entry<TParams> {
  return { class: errorClass, tell };
}
