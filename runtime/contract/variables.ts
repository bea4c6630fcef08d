/** A daemon with this in its environment ends, with its apps, when its standard input does. */
export const lifelineVariable = "XM_LIFELINE";
