/* A cron pattern as systemd.time(7) writes times, and times between two runs as either. */

const months = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const nicknames: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** Six fields, the first of them seconds; `undefined` for a pattern that has others. */
export function cronFields(pattern: string): string[] | undefined {
  const text = nicknames[pattern.trim().toLowerCase()] ?? pattern.trim();
  const fields = text.split(/\s+/);
  if (fields.length === 5) return ["0", ...fields];
  return fields.length === 6 ? fields : undefined;
}

/**
 * `OnCalendar=` of a cron pattern. A day of the month and a day of the week have to hold both, as in Ex Machina.
 * @returns `undefined` for `L`, `W` and `#`, which systemd does not have.
 */
export function calendarOf(pattern: string, timezone: string | null): string | undefined {
  const fields = cronFields(pattern);
  if (fields === undefined) return undefined;
  const [second = "", minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  const numbers = [part(second, 0), part(minute, 0), part(hour, 0), part(day, 1)];
  const [seconds, minutes, hours, dates] = numbers;
  const named = month.replaceAll(/[a-z]+/gi, (word) => {
    const index = months.indexOf(word.toUpperCase());
    return index === -1 ? word : String(index + 1);
  });
  const inMonths = part(named, 1);
  const onDays = weekdays(weekday);
  if (numbers.includes(undefined) || inMonths === undefined || onDays === undefined)
    return undefined;
  const zone = timezone === null ? "" : ` ${timezone}`;
  return `${onDays}*-${inMonths}-${dates} ${hours}:${minutes}:${seconds}${zone}`;
}

function part(field: string, first: number): string | undefined {
  const parts = field.split(",").map((each) => {
    if (each === "*" || each === "?") return "*";
    const every = /^(?:\*)?\/(\d+)$/.exec(each)?.[1];
    if (every !== undefined) return `${first}/${every}`;
    const [, from, to, step] = /^(\d+)(?:-(\d+))?(?:\/(\d+))?$/.exec(each) ?? [];
    if (from === undefined) return undefined;
    return `${from}${to === undefined ? "" : `..${to}`}${step === undefined ? "" : `/${step}`}`;
  });
  if (parts.includes(undefined)) return undefined;
  return parts.includes("*") ? "*" : parts.join(",");
}

/** Names with a space behind them; `""` for every day. */
function weekdays(field: string): string | undefined {
  const chosen = new Set<number>();
  for (const each of field.split(",")) {
    const [, range = "", step = "1"] = /^([^/]*)(?:\/(\d+))?$/.exec(each) ?? [];
    const isAll = range === "*" || range === "?" || range === "";
    const [from, to = from] = isAll ? [0, 6] : range.split("-").map(dayNumber);
    if (from === undefined || to === undefined || Number(step) < 1) return undefined;
    for (let day = from; day <= (to < from ? to + 7 : to); day += Number(step)) chosen.add(day % 7);
  }
  const all = [...chosen].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7));
  return all.length === 7 ? "" : `${all.map((day) => days[day]).join(",")} `;
}

function dayNumber(word: string): number | undefined {
  if (/^[0-7]$/.test(word)) return Number(word);
  const index = days.findIndex((day) => day.toLowerCase() === word.toLowerCase());
  return index === -1 ? undefined : index;
}

/** Times that are counted from the epoch, as a cron pattern in UTC; `undefined` where no pattern has them. */
export function cronOfEvery(everyMs: number): string | undefined {
  const seconds = everyMs / 1_000;
  const divides = (part: number, whole: number): boolean =>
    Number.isInteger(part) && part > 0 && whole % part === 0;
  if (divides(seconds, 60) && seconds < 60) return `*/${seconds} * * * * *`;
  const minutes = seconds / 60;
  if (divides(minutes, 60) && minutes < 60)
    return minutes === 1 ? "* * * * *" : `*/${minutes} * * * *`;
  const hours = minutes / 60;
  if (divides(hours, 24) && hours < 24) return hours === 1 ? "0 * * * *" : `0 */${hours} * * *`;
  return hours === 24 ? "0 0 * * *" : undefined;
}
