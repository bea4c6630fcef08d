/**
 * Does something under another umask. It is the whole process's, so only synchronous work is done, and whatever else of ours
 * makes files says their rights itself.
 */
export function withUmask<T>(umask: number | null | undefined, work: () => T): T {
  if (umask === null || umask === undefined) return work();
  const before = process.umask(umask);
  try {
    return work();
  } finally {
    process.umask(before);
  }
}
