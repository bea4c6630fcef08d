/**
 * Libraries whose workers do not listen: they wait for connections from a primary that runs the app's own code. The
 * balancer is the primary here, and has none. Each with what its user does in its place.
 */
const libraries: readonly { readonly name: string; readonly instead: string }[] = [
  {
    name: "@socket.io/sticky",
    instead:
      'set scheduling: "sticky", and let each process call listen() itself without setupWorker()',
  },
  {
    name: "sticky-session",
    instead: 'set scheduling: "sticky", and let each process call listen() itself',
  },
];

/** A little before the usual `listen_timeout` is over; ms. */
const afterMs = 2_500;

/** Says why a worker does not listen where a library is known to keep it from that. */
export function tellIfPrimaryIsNeeded(isListening: () => boolean): void {
  setTimeout(() => {
    if (isListening()) return;
    const files = Object.keys(require.cache);
    const found = libraries.find(({ name }) =>
      files.some((file) => file.includes(`/node_modules/${name}/`)),
    );
    if (found === undefined) return;
    console.error(
      `xm: this process listens on no port: ${found.name} leaves that to a primary with the app's code, which a cluster here does not have; ${found.instead}`,
    );
  }, afterMs).unref();
}
