/** The status of an HTTP/1 answer, without those that only announce one; `null` when it is not there yet, 0 for no HTTP. */
export function httpStatusIn(said: string): number | null {
  let rest = said;
  for (;;) {
    if (!rest.includes("\r\n")) return null;
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(rest)?.[1] ?? 0);
    if (status < 100 || status > 199) return status;
    const end = rest.indexOf("\r\n\r\n");
    if (end === -1) return null;
    rest = rest.slice(end + 4);
  }
}
