/** What became of an attempt. */
export interface Sent {
  readonly isSent: boolean;
  /** For people. */
  readonly why: string;
  /** To try again would not help. */
  readonly isFinal: boolean;
}
