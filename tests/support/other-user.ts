/** Another user of the machine; only root can start programs as one. */
export const otherUser = { uid: 65_534, gid: 65_534 } as const;

export const isRoot = process.getuid?.() === 0;
