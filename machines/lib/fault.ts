/** What an actor broke by, from the event that tells of it. */
export function faultIn(event: object): string {
  return String((event as { error?: unknown }).error);
}
