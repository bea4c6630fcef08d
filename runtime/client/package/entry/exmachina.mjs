import xm from "./exmachina.cjs";

export default xm;
export const { custom, XmError } = xm;
