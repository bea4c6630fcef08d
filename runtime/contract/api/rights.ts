/** A request on the unix socket with this header is made for somebody who may do less: `read`, or `control`. */
export const rightsHeader = "x-exmachina-rights";

/** What a token of `xm api` allows: to look, or also to restart, reload, stop and scale what is declared. */
export type Rights = "read" | "control";
