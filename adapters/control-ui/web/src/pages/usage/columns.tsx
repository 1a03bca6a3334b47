// What was used day by day, as columns: cost, or what was read below and what was written above.
import { compact, dollars, number } from "../../i18n/format.ts";
import { language, t } from "../../i18n/index.ts";
import type { Day, Measure } from "./sums.ts";

interface ColumnsProps {
  label: string;
  measure: Measure;
  days: readonly Day[];
}

const HEIGHT = 100;

export function Columns({ label, measure, days }: ColumnsProps) {
  const isCost = measure === "cost";
  const parts = (day: Day) => (isCost ? [day.cost] : [day.read, day.written]);
  const whole = (day: Day) => parts(day).reduce((sum, it) => sum + it, 0);
  const most = Math.max(...days.map(whole), 1e-9);
  const part = (value: number) => (value / most) * (HEIGHT - 4);
  const words = (day: Day) => (isCost ? dollars(day.cost) : t("usage.split", { read: day.read, written: day.written }));
  const heads = isCost ? [t("usage.cost")] : [t("usage.read"), t("usage.written")];
  const format = isCost ? dollars : (value: number) => number(value);
  return (
    <figure class="columns-chart">
      <div class="columns-legend" aria-hidden="true">
        {heads.map((head, index) => <span class={`columns-key ${index ? "written" : "read"}`} key={head}>{head}</span>)}
        <span class="columns-most">{isCost ? dollars(most < 1e-6 ? 0 : most) : compact(most < 1 ? 0 : most)}</span>
      </div>
      <svg viewBox={`0 0 ${days.length * 10} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="chart-base" d={`M0 ${HEIGHT - 0.5}H${days.length * 10}`} vector-effect="non-scaling-stroke" />
        {days.map((day, index) => {
          const [below = 0, above = 0] = parts(day);
          return (
            <g key={day.date}>
              <title>{`${written(day.date)}: ${words(day)}`}</title>
              <rect class="columns-read" x={index * 10 + 1.5} width="7" y={HEIGHT - part(below)} height={part(below)} />
              <rect class="columns-written" x={index * 10 + 1.5} width="7" y={HEIGHT - part(below) - part(above)} height={part(above)} />
            </g>
          );
        })}
      </svg>
      <div class="columns-ends" aria-hidden="true">
        <span>{days[0] && written(days[0].date)}</span>
        <span>{days.length > 1 && written(days.at(-1)!.date)}</span>
      </div>
      <table class="out-of-sight">
        <caption>{label}</caption>
        <thead><tr><th scope="col">{t("usage.day")}</th>{heads.map((head) => <th scope="col" key={head}>{head}</th>)}</tr></thead>
        <tbody>
          {days.filter((day) => whole(day) > 0).map((day) => (
            <tr key={day.date}><th scope="row">{written(day.date)}</th>{parts(day).map((value, index) => <td key={heads[index]}>{format(value)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

/** A date is a day wherever it is read. */
function written(date: string): string {
  return new Intl.DateTimeFormat(language.value, { day: "numeric", month: "short", timeZone: "UTC" }).format(Date.parse(date));
}
