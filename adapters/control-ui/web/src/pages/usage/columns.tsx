// What was used day by day, as columns: what was read below, what was written above.
import { compact, number } from "../../i18n/format.ts";
import { language, t } from "../../i18n/index.ts";

interface ColumnsProps {
  label: string;
  days: readonly { day: Date; read: number; written: number }[];
}

const HEIGHT = 100;

export function Columns({ label, days }: ColumnsProps) {
  const most = Math.max(...days.map((it) => it.read + it.written), 1);
  const written = (day: Date) => new Intl.DateTimeFormat(language.value, { day: "numeric", month: "short" }).format(day);
  const part = (value: number) => (value / most) * (HEIGHT - 4);
  return (
    <figure class="columns-chart">
      <div class="columns-legend" aria-hidden="true">
        <span class="columns-key read">{t("usage.read")}</span>
        <span class="columns-key written">{t("usage.written")}</span>
        <span class="columns-most">{compact(most)}</span>
      </div>
      <svg viewBox={`0 0 ${days.length * 10} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="chart-base" d={`M0 ${HEIGHT - 0.5}H${days.length * 10}`} vector-effect="non-scaling-stroke" />
        {days.map(({ day, read, written: said }, index) => (
          <g key={day.getTime()}>
            <title>{`${written(day)}: ${t("usage.split", { read, written: said })}`}</title>
            <rect class="columns-read" x={index * 10 + 1.5} width="7" y={HEIGHT - part(read)} height={part(read)} />
            <rect class="columns-written" x={index * 10 + 1.5} width="7" y={HEIGHT - part(read) - part(said)} height={part(said)} />
          </g>
        ))}
      </svg>
      <div class="columns-ends" aria-hidden="true">
        <span>{days[0] && written(days[0].day)}</span>
        <span>{days.length > 1 && written(days.at(-1)!.day)}</span>
      </div>
      <table class="out-of-sight">
        <caption>{label}</caption>
        <tbody>
          {days.filter((it) => it.read + it.written > 0).map(({ day, read, written: said }) => (
            <tr key={day.getTime()}><th scope="row">{written(day)}</th><td>{number(read)}</td><td>{number(said)}</td></tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
