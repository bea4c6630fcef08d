/** The last samples as a line, the newest at the right. The words beside it say the value. */
export function Sparkline({
  values,
  most,
  kept,
  kind,
}: {
  values: readonly number[];
  most: number;
  kept: number;
  kind: string;
}) {
  return (
    <svg
      class={`sparkline ${kind}`}
      viewBox="0 0 60 16"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path class="area" d={areaOf(values, most, kept)} />
      <path class="line" d={lineOf(values, most, kept)} />
    </svg>
  );
}

export function lineOf(values: readonly number[], most: number, kept: number): string {
  const points = pointsOf(values, most, kept);
  return points.length === 0 ? "" : `M${points.join("L")}`;
}

function areaOf(values: readonly number[], most: number, kept: number): string {
  const points = pointsOf(values, most, kept);
  const [first] = points;
  return first === undefined ? "" : `M${first.split(" ")[0]} 16L${points.join("L")}L60 16Z`;
}

function pointsOf(values: readonly number[], most: number, kept: number): string[] {
  const step = 60 / Math.max(1, kept - 1);
  const first = 60 - (values.length - 1) * step;
  return values.map((value, index) => {
    const y = 15 - (Math.max(0, value) / Math.max(most, 1e-9)) * 13;
    return `${Math.round((first + index * step) * 10) / 10} ${Math.round(y * 10) / 10}`;
  });
}
