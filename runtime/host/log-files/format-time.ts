import dayjs from "dayjs";

/** A time in the tokens of dayjs and moment, in the time zone of this process. */
export function formatTime(at: number, format: string): string {
  return dayjs(at).format(format);
}
