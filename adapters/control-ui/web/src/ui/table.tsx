// Rows and columns, as many as there are: only those in sight exist.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";

import { Icon } from "./icon.tsx";

export interface Column<T> {
  key: string;
  label: string;
  /** What stands in its head instead of the label. */
  head?: ComponentChildren;
  /** Its track in a CSS grid, as in `minmax(8rem, 2fr)`. */
  width: string;
  cell: (row: T) => ComponentChildren;
  /** How its rows are ordered, if one may order them by it. */
  compare?: (one: T, other: T) => number;
  /** Whether it stands at the right, as numbers do. */
  end?: boolean;
}

interface TableProps<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  rowHeight?: number;
  /** How they are ordered at first. */
  order?: { key: string; descending: boolean };
  onOpen?: (row: T) => void;
  /** What stands there when there are no rows. */
  empty?: ComponentChildren;
}

const MORE = 6;

/** A table. Its head stays in sight; a click on it orders the rows. */
export function DataTable<T>({ label, columns, rows, keyOf, rowHeight = 44, order: first, onOpen, empty }: TableProps<T>) {
  const [order, setOrder] = useState(first ?? null);
  const box = useRef<HTMLDivElement>(null);
  const [, again] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => {
    const sizes = new ResizeObserver(() => again());
    if (box.current) sizes.observe(box.current);
    return () => sizes.disconnect();
  }, []);
  const ordered = useMemo(() => {
    const compare = order && columns.find((column) => column.key === order.key)?.compare;
    if (!compare) return rows;
    const up = [...rows].sort(compare);
    return order.descending ? up.reverse() : up;
  }, [rows, order, columns]);

  const top = box.current?.scrollTop ?? 0;
  const height = box.current?.clientHeight || 800;
  const from = Math.max(0, Math.floor(top / rowHeight) - MORE);
  const to = Math.min(ordered.length, Math.ceil((top + height) / rowHeight) + MORE);
  const tracks = { gridTemplateColumns: columns.map((column) => column.width).join(" ") };
  return (
    <div class="table" role="table" aria-label={label} aria-rowcount={ordered.length + 1} ref={box} tabIndex={0} onScroll={() => again()}>
      <div class="table-row table-head" role="row" aria-rowindex={1} style={tracks}>
        {columns.map((column) => {
          const isOn = order?.key === column.key;
          const sorted = isOn ? (order.descending ? "descending" : "ascending") : "none";
          return (
            <div key={column.key} role="columnheader" class={column.end ? "end" : ""} {...(column.compare ? { "aria-sort": sorted } : {})}>
              {column.compare ? (
                <button type="button" class="table-order" onClick={() => setOrder({ key: column.key, descending: isOn ? !order.descending : false })}>
                  {column.label}
                  {isOn && <Icon name={order.descending ? "arrowDown" : "arrowUp"} size={12} />}
                </button>
              ) : column.head ?? column.label}
            </div>
          );
        })}
      </div>
      {ordered.length === 0 && empty}
      <div class="table-body" role="rowgroup" style={{ height: `${ordered.length * rowHeight}px` }}>
        {ordered.slice(from, to).map((row, index) => (
          <div
            key={keyOf(row)}
            class={`table-row ${onOpen ? "opens" : ""}`}
            role="row"
            aria-rowindex={from + index + 2}
            style={{ ...tracks, height: `${rowHeight}px`, transform: `translateY(${(from + index) * rowHeight}px)` }}
            onClick={onOpen && ((event) => {
              if (!(event.target as Element).closest("button, a, input, select, label")) onOpen(row);
            })}
          >
            {columns.map((column) => (
              <div key={column.key} role="cell" class={column.end ? "end" : ""}>{column.cell(row)}</div>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
