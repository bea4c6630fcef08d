/** The error that an actor failed with, from the event that reports it. */
export function faultIn(event: object): string {
  return String((event as { error?: unknown }).error);
}
