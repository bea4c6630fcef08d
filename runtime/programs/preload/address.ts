import type { Server } from "node:net";

/**
 * Lets a server keep reporting its address while and after it closes: shutdown code asks for it, and what answers
 * the last requests. Node's own `address()` is `null` then, and throws `EBADF` once the handle alone is closed.
 */
export function keepAddress(server: Server): void {
  if (!server.listening) return;
  const address = server.address();
  if (address !== null) server.address = () => address;
}
