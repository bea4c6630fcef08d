/** What the id of a life looks like: it is a part of file names, so it can never be a path. */
export const lifeIdPattern = /^[\w-]{1,64}$/;
