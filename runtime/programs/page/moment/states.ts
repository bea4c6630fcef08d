/**
 * The states that a record of the history names (`alive.online.uptime.fresh alive.online.sensors.off`) as ids of the
 * chart, their parents too, from the root down.
 */
export function statesFrom(machine: string, leaves: string): string[] {
  const ids = new Set([machine]);
  for (const leaf of leaves.split(" ").filter(Boolean)) {
    let id = machine;
    for (const name of leaf.split(".")) {
      id += `.${name}`;
      ids.add(id);
    }
  }
  return [...ids];
}

/** The states that none of the others is inside of. */
export function leavesOf(states: readonly string[]): string[] {
  return states.filter((id) => !states.some((other) => other.startsWith(`${id}.`)));
}

/** Where it is, for people: `alive › online › uptime: stable, sensors: off` as far as it goes one way, then the ways. */
export function pathOf(states: readonly string[]): string {
  const paths = leavesOf(states).map((id) => id.split(".").slice(1));
  const [first = []] = paths;
  if (paths.length < 2) return first.join(" › ");
  const shared = first.findIndex((name, index) => paths.some((path) => path[index] !== name));
  const ways = paths.map((path) => path.slice(shared).join(": "));
  return [...first.slice(0, shared), ways.join(", ")].join(" › ");
}
