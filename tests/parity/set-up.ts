import { installPm2 } from "../support/pm2.ts";

/** Before the first scenario. */
export const setup = installPm2;
