/** What has happened to another process, and has moved this one. Its own decision says why, and whether that had a cause, too. */
export interface Cause {
  /** Key of its app. */
  readonly app: string;
  readonly id: number;
  /** When it happened, in ms since the epoch. */
  readonly at: number;
}

/** What an event says of its cause. */
export function causeIn(event: object): Cause | null {
  return "cause" in event ? ((event.cause as Cause | undefined) ?? null) : null;
}
