/** Which rows of a long list are to be drawn: those in sight and some around them. */
export function visibleRows(options: {
  readonly count: number;
  readonly rowHeight: number;
  readonly scrollTop: number;
  readonly height: number;
  readonly around: number;
}): { first: number; end: number } {
  const { count, rowHeight, scrollTop, height, around } = options;
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - around);
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + around);
  return { first: Math.min(first, Math.max(0, count - 1)), end };
}
