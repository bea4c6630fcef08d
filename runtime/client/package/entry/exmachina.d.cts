import type * as all from "../runtime/client/package/index.js" with { "resolution-mode": "import" };

/** `require("exmachina")`: PM2's programmatic API over the home of this program's environment. */
declare const xm: all.Xm;
declare namespace xm {
  type Bus = all.Bus;
  type Callback<T> = all.Callback<T>;
  type Connected = all.Connected;
  type CustomOptions = all.CustomOptions;
  type ErrorClass = all.ErrorClass;
  type ErrorCode = all.ErrorCode;
  type EventListener = all.EventListener;
  type ExceptionPacket = all.ExceptionPacket;
  type LogPacket = all.LogPacket;
  type MessagePacket = all.MessagePacket;
  type Method<TArgs extends readonly unknown[], TResult> = all.Method<TArgs, TResult>;
  type Monit = all.Monit;
  type PacketProcess = all.PacketProcess;
  type Pm2Env = all.Pm2Env;
  type Proc = all.Proc;
  type ProcessDescription = all.ProcessDescription;
  type ProcessEventPacket = all.ProcessEventPacket;
  type ProcessMessage = all.ProcessMessage;
  type ProcessStatus = all.ProcessStatus;
  type StartOptions = all.StartOptions;
  type Startable = all.Startable;
  type Target = all.Target;
  type TriggerAnswer = all.TriggerAnswer;
  type UpdateOptions = all.UpdateOptions;
  type Xm = all.Xm;
}
export = xm;
