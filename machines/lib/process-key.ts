/** What tells a process from the others: for a while a reload has two generations of one id. */
export function processKey({ id, generation }: { id: number; generation: number }): string {
  return generation === 0 ? String(id) : `${id}.${generation}`;
}
