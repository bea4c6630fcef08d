/*
 * What looks like a secret in the lines of a program: values of telling names, and the forms of well-known keys. A secret
 * without either passes; therefore the values of an app's own variables with such names are masked by value, too.
 */

const mask = "***";

const tellingName =
  /pass(?:word|wd|phrase)?$|secret|token|api_?key|private_?key|access_?key|credential|auth(?:orization)?$|cookie|dsn$|_url$|_uri$/i;

/** Whether the value of a variable of this name is nobody's business. */
export function isTellingName(name: string): boolean {
  return tellingName.test(name);
}

const patterns: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,200}):[^\s@/]{1,500}@/gi, `$1:${mask}@`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${mask}`],
  [
    /\b([\w-]{0,60}(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization|cookie)["']?\s{0,3}[=:]\s{0,3})(?:"[^"]{1,2000}"|'[^']{1,2000}'|[^\s,;&"']{1,2000})/gi,
    `$1${mask}`,
  ],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, mask],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, mask],
  [/\b(?:ghp|gho|ghu|ghs|ghr|github_pat|glpat|npm|xox[abprs]|sk|pk|rk|whsec)[_-][\w-]{10,}/g, mask],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*/g, mask],
];

/**
 * A line without what looks like a secret.
 * @param values that are masked wherever they stand; short ones are words, and not masked.
 */
export function masked(line: string, values: readonly string[] = []): string {
  let text = line;
  for (const value of values) {
    if (value.length >= shortestSecret) text = text.replaceAll(value, mask);
  }
  for (const [pattern, by] of patterns) text = text.replaceAll(pattern, by);
  return text;
}

const shortestSecret = 6;
