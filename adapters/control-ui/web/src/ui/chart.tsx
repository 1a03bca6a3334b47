// Numbers as pictures. What they say stands in words beside them, for those who do not see them.
import { useId } from "preact/hooks";

interface LineProps {
  label: string;
  /** The newest last. */
  values: readonly number[];
  format: (value: number) => string;
  /** What would reach the top; the largest of the values when absent. */
  top?: number;
  /** How many values there is room for; as many as there are when absent. */
  room?: number;
  /** What else there is to say about it. */
  note?: string | undefined;
  height?: number;
}

const WIDTH = 320;

/** How something went: a line, and the ground below it. */
export function LineChart({ label, values, format, top, room = values.length, note, height = 72 }: LineProps) {
  const id = useId();
  const most = Math.max(top ?? 0, ...values, 1e-9);
  // The newest is at the right, however few there are.
  const x = (index: number) => WIDTH - ((values.length - 1 - index) / Math.max(1, room - 1)) * WIDTH;
  const y = (value: number) => height - 3 - (value / most) * (height - 8);
  const line = values.map((value, index) => `${index ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const newest = values.at(-1) ?? 0;
  return (
    <figure class="chart">
      <figcaption id={id}>
        <span class="chart-label">{label}</span>
        <span class="chart-value">{values.length ? format(newest) : "–"}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} preserveAspectRatio="none" role="img" aria-labelledby={id}>
        <path class="chart-base" d={`M0 ${height - 0.5}H${WIDTH}`} vector-effect="non-scaling-stroke" />
        {values.length > 1 && (
          <>
            <path class="chart-ground" d={`${line}L${WIDTH} ${height}L${x(0).toFixed(1)} ${height}Z`} />
            <path class="chart-line" d={line} vector-effect="non-scaling-stroke" />
          </>
        )}
      </svg>
      {note && <p class="chart-note">{note}</p>}
    </figure>
  );
}

interface BarsProps {
  label: string;
  bars: readonly { name: string; value: number }[];
  format: (value: number) => string;
}

/** How several things compare, the names beside the bars. */
export function BarChart({ label, bars, format }: BarsProps) {
  const most = Math.max(...bars.map((bar) => bar.value), 1e-9);
  return (
    <table class="bars" aria-label={label}>
      <tbody>
        {bars.map((bar) => (
          <tr key={bar.name}>
            <th scope="row"><bdi>{bar.name}</bdi></th>
            <td class="bars-room">
              <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                <rect class="chart-bar" width={(bar.value / most) * 100} height="8" rx="1" />
              </svg>
            </td>
            <td class="bars-value">{format(bar.value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
