import type { InspectorOpened, InspectorView } from "../../contract/api/schemas.ts";

/** The inspector as the daemon holds it: all that it is made of is loaded when it is first opened. */
export interface Inspector {
  /**
   * Listens, unless it does, and makes an address and a token.
   * @throws `ERR_INSPECTOR_PORT`
   */
  open(options: { port?: number | undefined; control: boolean }): Promise<InspectorOpened>;
  view(): InspectorView;
  /** All its sessions become invalid, and the next daemon does not open it. */
  close(): Promise<void>;
  /** Opens again what the daemon before has had open. */
  reopen(): void;
}
